"""What a run knows at a moment: the backlog, the requests in flight, the counts, the pace, and whether it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from sendspec.diagnostics.clock import Clock
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RunRefused
from sendspec.sending.backlog import Backlog
from sendspec.sending.circuit_breaker import CircuitBreaker
from sendspec.sending.ending import Ending, Interrupted, TooManyDoubts, ending_after
from sendspec.sending.pace import Pace
from sendspec.sending.run import AttemptResult, Pause, RunProgress, Sendable, Settings
from sendspec.sending.sender import Delivery, RequestEnded
from sendspec.sending.tally import Tally


class RunState:
    """Changed by the loop's thread only. `ending` is None while the run goes on; the first ending counts.

    `error` is a bug to raise once everything in flight is settled. `has_expired`: `not_after` has passed, so nothing more is claimed.
    """

    def __init__(
        self,
        messages: Iterator[Sendable],
        settings: Settings,
        clock: Clock,
        watch: Callable[[RunProgress], None],
    ) -> None:
        self.backlog = Backlog(messages, settings.expected)
        self.in_flight: set[Delivery] = set()
        self.pace = Pace(settings.per_second, settings.concurrency)
        self.breaker = CircuitBreaker()
        self.tally = Tally()
        self.ending: Ending | None = None
        self.error: BaseException | None = None
        self._certain = self._refused = 0
        self._failure_rate = settings.failure_rate
        self._not_after = settings.not_after
        self.has_expired = False
        self._clock = clock
        self._watch = watch
        self._throttled_by = ""

    @property
    def is_over(self) -> bool:
        return not self.in_flight and (self.ending is not None or self.backlog.empty)

    def end(self, ending: Ending | None) -> None:
        """Ends the run once everything in flight is settled. None changes nothing."""
        self.ending = self.ending or ending

    def check_expiry(self, wall: float) -> bool:
        """Whether `not_after` has passed at `wall`. Once it has, it stays so, even if the clock is set back."""
        if self._not_after is not None and wall >= self._not_after:
            self.has_expired = True
        return self.has_expired

    def fail(self, error: BaseException, evidence: str) -> None:
        """Ends the run by a bug; `error` is raised once everything in flight is settled."""
        self.error = self.error or error
        self.end(TooManyDoubts(evidence))

    def conclude(self, ended: RequestEnded) -> list[AttemptResult]:
        """Concludes what a finished request means for the run. Its results are not counted yet: the ledger doesn't have them."""
        delivery, outcomes = ended.delivery, ended.outcomes
        self.in_flight.discard(delivery)
        if ended.wrote:
            self.tally.count_request()
        kinds = list(map(type, outcomes))
        refused = kinds.count(Refused)
        certain = kinds.count(Accepted) + refused
        self._refused += refused
        self._certain += certain
        first_of_kind = dict(zip(reversed(kinds), reversed(outcomes), strict=True)).values()
        for outcome in first_of_kind:
            self._react(outcome, delivery)
        if self.ending is None:
            self.ending = ending_after(
                first_of_kind,
                certain=self._certain,
                refused=self._refused,
                failure_rate=self._failure_rate,
                breaker=self.breaker.state,
            )
        if certain:
            self.pace.succeeded(self._clock.monotonic())
            self.breaker.record_certain()
        return list(map(AttemptResult, delivery.messages, delivery.attempts, outcomes))

    def count_stored(self, results: Iterable[AttemptResult]) -> None:
        """Counts results that are durable in the ledger."""
        for result in results:
            self.tally.count(result)

    def _react(self, outcome: Outcome, delivery: Delivery) -> None:
        """Adjusts pace, breaker and backlog: once for each kind of outcome, however many messages the request carried."""
        match outcome:
            case Accepted() | Refused() | RunRefused():
                pass
            case InDoubt():
                self.breaker.record_doubt(invalid_acceptance=outcome.invalid_acceptance)
            case NotProcessed(status, retry_after):
                self._throttle(delivery, status, retry_after)
            case NotSent():
                if self.ending is None:
                    now = self._clock.monotonic()
                    for message in delivery.messages:
                        self.backlog.put_back(message, now)
            case _:
                assert_never(outcome)

    def _throttle(self, delivery: Delivery, status: int, retry_after: float | None) -> None:
        """Pauses as the API asks, and lets the messages try again within their attempts and the run's retry budget."""
        now = self._clock.monotonic()
        after_wait = self.pace.throttled(now, delivery.due, retry_after, self._clock.random())
        self._throttled_by = str(status)
        self.backlog.retry(delivery.messages, status, max(now, self.pace.paused_until), spends_budget=not after_wait)

    def abandon(self) -> list[AttemptResult]:
        """Leaves everything in flight in doubt: the run was asked twice to stop, so nobody waits for the responses."""
        doubt = InDoubt("the run was interrupted before the answer came")
        results: list[AttemptResult] = []
        for delivery in self.in_flight:
            self.tally.count_request()
            attempts = zip(delivery.messages, delivery.attempts, strict=True)
            results += [AttemptResult(message, attempt, doubt) for message, attempt in attempts]
        self.in_flight.clear()
        return results

    @property
    def throttling(self) -> Pause | None:
        """The pause that the API asked for, named by the status of its answer; None while there is none."""
        seconds = self.pace.paused_until - self._clock.monotonic()
        return Pause(self._throttled_by, seconds) if seconds > 0 else None

    def report(self, pause: Pause | None) -> None:
        """Reports progress. A watcher that raises is dropped; the run goes on."""
        tally = self.tally
        progress = RunProgress(
            accepted=tally.accepted,
            refused=tally.refused,
            in_doubt=tally.in_doubt,
            unclaimed=tally.unclaimed.total(),
            in_flight=sum(len(delivery.messages) for delivery in self.in_flight),
            pause=pause,
            stopping=isinstance(self.ending, Interrupted),
            reasons=tally.recent_reasons(),
        )
        try:
            self._watch(progress)
        except Exception as error:
            tally.watch_error = tally.watch_error or f"{type(error).__name__}: {error}"
            self._watch = lambda progress: None
