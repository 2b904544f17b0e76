"""The only loop: claim, deliver, settle. The thread that runs it owns the ledger; senders own their connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeAlias, assert_never

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable, SuppressUnreadable
from sendspec.ledger.record import Lost, Settlement
from sendspec.planning.decide import Skip
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RefusedAsAWhole
from sendspec.sending.backlog import Backlog
from sendspec.sending.breaker import Breaker, Gate
from sendspec.sending.connection import Connection, Endpoint, verifying_context
from sendspec.sending.credited import CreditedIds
from sendspec.sending.pace import TICK, Pace, senders_needed
from sendspec.sending.run import (
    Claims,
    Ending,
    Finished,
    Interrupted,
    LedgerLost,
    LockLost,
    Result,
    RunProgress,
    RunResult,
    Sendable,
    Settings,
    SpecRefused,
    Stop,
    StoppedByApi,
    Stopping,
    SuppressLost,
    TooManyDoubts,
    TooManyRefused,
    UnexpectedAnswer,
    Unreachable,
)
from sendspec.sending.sender import Broke, Delivery, Down, Ended, Event, Ready, Sender, Woken
from sendspec.sending.sender_pool import SenderPool
from sendspec.sending.settle import settlement_of
from sendspec.sending.tally import Tally

MAX_DRAINED = 256
FIRST_ANSWERS = 20
LATENCY_GUESS = 0.2
"""The API's answers take 50 to 150 ms. A guess too high costs a few idle threads; too low, a second of less than the rate."""
MAX_WAIT = 0.5

SKIP_BY_LOST = {Lost.ON_HOLD: Skip.ON_HOLD, Lost.TAKEN_ELSEWHERE: Skip.TAKEN_ELSEWHERE}

Group: TypeAlias = tuple[Sequence[Sendable], float]


def send_all(
    messages: Iterator[Sendable],
    claims: Claims,
    endpoint: Endpoint,
    settings: Settings,
    clock: Clock,
    stop: Stop,
    *,
    credited: CreditedIds,
    lock_still_mine: Callable[[], bool],
    look_up: Callable[[], Sequence[bytes]],
    watch: Callable[[RunProgress], None],
    withholds: Callable[[Sendable], bool] | None = None,
) -> RunResult:
    """Sends every message at most once, and says what became of each. Raises what the ledger raises, with nothing more sent.

    `credited` are the API's ids that this command has credited so far; what is accepted adds its own. `look_up` asks the API for the
    messages in doubt, and returns those that it found accepted. `withholds` says just before a claim that a message must not go out
    after all; where it raises `SuppressUnreadable`, none does any more.
    """
    loop = _Loop(
        messages, claims, endpoint, settings, clock, stop, credited, lock_still_mine, look_up, watch, withholds
    )
    stop.wakes(loop.wake)
    try:
        return loop.run()
    finally:
        stop.wakes(lambda: None)


class _Loop:
    def __init__(
        self,
        messages: Iterator[Sendable],
        claims: Claims,
        endpoint: Endpoint,
        settings: Settings,
        clock: Clock,
        stop: Stop,
        credited: CreditedIds,
        lock_still_mine: Callable[[], bool],
        look_up: Callable[[], Sequence[bytes]],
        watch: Callable[[RunProgress], None],
        withholds: Callable[[Sendable], bool] | None,
    ) -> None:
        self._claims = claims
        self._endpoint = endpoint
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._credited = credited
        self._lock_still_mine = lock_still_mine
        self._look_up = look_up
        self._watch = watch
        self._withholds = withholds
        self._context = verifying_context() if endpoint.scheme == "https" else None
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._answered = threading.Event()
        self._backlog = Backlog(messages, settings.expected)
        requests = -(-settings.expected // (settings.batch or 1))
        self._crew = SenderPool(self._hire, min(settings.concurrency, max(1, requests)), clock)
        self._in_flight: set[Delivery] = set()
        self._pace = Pace(settings.per_second, settings.concurrency)
        self._breaker = Breaker()
        self._tally = Tally()
        self._ending: Ending | None = None
        self._bug: BaseException | None = None
        self._gathered_at = self._chosen_at = clock.monotonic()
        self._commit_took = 0.0

    def wake(self) -> None:
        """Makes the loop look around; safe in a signal handler."""
        self._events.put(Woken())

    def run(self) -> RunResult:
        try:
            self._crew.grow(senders_needed(self._settings.per_second, LATENCY_GUESS, self._settings.concurrency))
            settle: list[Settlement] = []
            while True:
                self._judge()
                if self._breaker.gate is Gate.SHUT and not self._in_flight:
                    settle = self._pause(settle)
                claim = self._choose()
                if settle or claim:
                    self._exchange(settle, claim)
                if self._is_over():
                    break
                settle = self._gather()
        finally:
            self._crew.dismiss()
        if self._bug is not None:
            raise self._bug
        if self._stop.stage is not Stopping.FAST:
            self._crew.join()
        return self._tally.result(self._ending or Finished())

    def _hire(self) -> Sender:
        line = Connection(self._endpoint, self._context, self._clock.monotonic)
        return Sender(line, self._settings, self._clock, self._stop, self._events, self._answered, self._credited)

    # ── what may go out next ─────────────────────────────────────────────────────────────────────────────────────

    def _judge(self) -> None:
        """Looks whether the run has to stop, and lets the pace and the gate go on."""
        if self._ending is None and self._stop.signal is not None:
            self._ending = Interrupted(self._stop.signal)
        if self._ending is None:
            self._crew.reconnect()

    def _pause(self, settle: list[Settlement]) -> list[Settlement]:
        """The breaker is shut and nothing on the wire: what is in doubt is looked up, then one message probes."""
        self._exchange(settle, [])
        if self._ending is None:
            self._tally.found(self._look_up())
        self._breaker.drained()
        return []

    def _choose(self) -> list[Group]:
        """The messages to claim now, by request, each request with the moment it may go out."""
        if self._ending is not None or self._breaker.gate in (Gate.SHUT, Gate.BROKEN):
            return []
        now = self._chosen_at = self._clock.monotonic()
        probing = self._breaker.gate is Gate.PROBING
        window = 1 if probing else self._pace.window
        wanted = min(self._crew.ready, window - len(self._in_flight))
        if wanted <= 0:
            self._grow_if_short(now, window)
            return []
        if now < self._pace.next_slot(now):
            return []
        size = 1 if probing else self._settings.batch or 1
        chosen = self._take(now, wanted * size)
        slots = self._pace.slots(now, -(-len(chosen) // size))
        for message in chosen[len(slots) * size :]:
            self._backlog.put_back(message, 0.0)
        return [(chosen[number * size : (number + 1) * size], due) for number, due in enumerate(slots)]

    def _take(self, now: float, most: int) -> list[Sendable]:
        """The next messages; where they can't be had any more, what is on the wire is still settled before that is raised."""
        try:
            return self._backlog.take(now, most)
        except Exception as error:
            self._bug = self._bug or error
            self._ending = self._ending or TooManyDoubts("the messages could not be read to their end")
            return []

    def _grow_if_short(self, now: float, window: int) -> None:
        """More senders when slots are due and all are busy: the latency is longer than was guessed."""
        wanted = self._settings.per_second is not None and not self._backlog.exhausted
        if wanted and self._crew.size <= len(self._in_flight) < window and self._pace.next_slot(now) <= now:
            self._crew.grow(max(1, self._crew.size // 2))

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    def _exchange(self, settle: list[Settlement], claim: list[Group]) -> None:
        """Results in, claims out: one commit. Only what is won goes to a sender."""
        if claim and not self._lock_still_mine():
            self._ending, claim = LockLost(), []
        claim = self._without_suppressed(claim)
        claims = [message.claim for messages, _ in claim for message in messages]
        try:
            exchanged = self._claims.exchange(settle=settle, claim=claims, now=self._clock.wall())
        except (LedgerUnwritable, LedgerDamaged) as trouble:
            self._spill(settle, trouble)
            raise
        now = self._clock.monotonic()
        won = exchanged.won
        self._tally.lost.update(SKIP_BY_LOST[lost] for lost in exchanged.lost.values())
        self._tally.timed(now)
        late, usual = self._commit_ended(claim, now)
        for messages, due in claim:
            ours = [message for message in messages if message.id in won]
            if ours:
                attempts = [won[message.id] for message in ours]
                self._hand_out(Delivery(ours, attempts, max(due + late, now), due + usual + self._settings.timeout))

    def _without_suppressed(self, claim: list[Group]) -> list[Group]:
        """Leaves out who is on a list of those who get nothing by now. Without that list, nobody is claimed any more."""
        if self._withholds is None or not claim:
            return claim
        try:
            withheld = {message.id for messages, _ in claim for message in messages if self._withholds(message)}
        except SuppressUnreadable as trouble:
            self._ending = self._ending or SuppressLost(trouble.problem, trouble.fix)
            return []
        if withheld:
            self._tally.lost.update({Skip.SUPPRESSED: len(withheld)})
        left = [([message for message in messages if message.id not in withheld], due) for messages, due in claim]
        return [group for group in left if group[0]]

    def _commit_ended(self, claim: list[Group], now: float) -> tuple[float, float]:
        """By how much its slots are to be put off, and what a commit with claims usually takes: as long as the last one, in seconds.

        A message's time begins once its claim is on the disk, however slow that is. A process that was stopped after its claim
        looks the same, but once only: what took longer than usual by the whole timeout is not sent, and claimed again.
        """
        if not claim:
            return 0.0, 0.0
        usual, self._commit_took = self._commit_took, now - self._chosen_at
        return self._pace.late(claim[0][1], now), usual

    def _hand_out(self, delivery: Delivery) -> None:
        self._in_flight.add(delivery)
        self._crew.order(delivery)

    def _spill(self, settle: list[Settlement], trouble: LedgerTrouble) -> None:
        """The ledger takes no results any more: what is on the wire is waited for, and all of it kept beside the ledger."""
        self._ending = self._ending or LedgerLost(trouble.problem)
        kept = list(settle)
        while self._in_flight:
            kept += self._gather()
        if kept:
            with suppress(OSError):  # then they are in doubt at the next start
                self._claims.spill(kept)

    # ── what came in ─────────────────────────────────────────────────────────────────────────────────────────────

    def _gather(self) -> list[Settlement]:
        """Waits for something to happen, then takes all that has; returns what is to be settled."""
        settle: list[Settlement] = []
        with suppress(Empty):
            event: Event = self._events.get(timeout=self._wait())
            self._let_more_come()
            self._note(event, settle)
            for _ in range(1, MAX_DRAINED):
                self._note(self._events.get_nowait(), settle)
        if self._stop.stage is Stopping.FAST:
            settle += self._abandon()
        self._gathered_at = self._clock.monotonic()
        return settle

    def _let_more_come(self) -> None:
        """Under a limit there is time: what happens within a tick makes one commit, and wakes this thread once."""
        if self._settings.per_second is not None and self._stop.stage is Stopping.NO:
            left = self._gathered_at + TICK - self._clock.monotonic()
            if left > 0:
                self._clock.sleep(left)

    def _wait(self) -> float:
        now = self._clock.monotonic()
        moments = [now + MAX_WAIT]
        if self._crew.down:
            moments.append(self._crew.reconnect_at)
        if self._crew.ready and not self._backlog.exhausted:
            moments.append(self._pace.next_slot(now))
        if self._crew.ready and self._backlog.again_at is not None:
            moments.append(max(self._backlog.again_at, self._pace.next_slot(now)))
        if self._settings.per_second is not None:
            return max(min(moments) - now, TICK)
        return max(min(moments) - now, 0.001)

    def _note(self, event: Event, settle: list[Settlement]) -> None:
        match event:
            case Ready(sender):
                self._crew.stands(sender)
            case Down(sender, reason, lasting):
                self._unreached(sender, reason, lasting=lasting)
            case Ended():
                settle += self._settled(event)
            case Broke(_, ended, error):
                self._bug = self._bug or error
                self._ending = self._ending or TooManyDoubts("sendspec broke")
                if ended is not None:
                    settle += self._settled(ended)
            case Woken():
                pass
            case _:
                assert_never(event)

    def _unreached(self, sender: Sender, reason: str, *, lasting: bool) -> None:
        if lasting or self._crew.out_of_contact() > self._settings.patience:
            self._ending = self._ending or Unreachable(reason)
        wait = self._crew.fell(sender)
        if wait is not None:
            self._tell(wait, reason)

    def _settled(self, ended: Ended) -> list[Settlement]:
        """Counts a request that ended, draws the conclusions for the run, and says what the ledger has to hold."""
        delivery = ended.delivery
        self._in_flight.discard(delivery)
        if ended.wrote:
            self._tally.requested()
        results = list(map(Result, delivery.messages, delivery.attempts, ended.outcomes))
        for result in results:
            self._tally.count(result)
        for outcome in {type(result.outcome): result.outcome for result in reversed(results)}.values():
            self._conclude(outcome, delivery)
        if any(isinstance(result.outcome, Accepted | Refused) for result in results):
            self._look_at_rate()
            self._pace.succeeded(self._clock.monotonic())
            self._breaker.certain()
        self._tell(0.0, "")
        return list(map(settlement_of, results))

    def _conclude(self, outcome: Outcome, delivery: Delivery) -> None:
        """What an outcome means for the rest of the run: once a request, however many messages it carried."""
        now = self._clock.monotonic()
        match outcome:
            case Refused(_, text):
                self._look_at_refusals(text)
            case InDoubt(evidence, _, senseless, stops):
                self._look_at_doubt(evidence, senseless=senseless, stops=stops)
            case RefusedAsAWhole():
                self._ending = self._ending or StoppedByApi(outcome)
            case NotProcessed(status, retry_after):
                self._throttled(delivery, status, retry_after, now)
            case NotSent() if self._ending is None:
                for message in delivery.messages:
                    self._backlog.put_back(message, now)
            case NotSent() | Accepted():
                pass
            case _:
                assert_never(outcome)

    def _look_at_refusals(self, text: str) -> None:
        refused, answers = self._tally.refused, self._tally.answers
        if answers >= FIRST_ANSWERS and refused == answers:
            self._ending = self._ending or SpecRefused(text)

    def _look_at_rate(self) -> None:
        """After each certain answer: the share may be too large when enough have come, though none of the last was a refusal."""
        refused, answers, rate = self._tally.refused, self._tally.answers, self._settings.failure_rate
        if rate is not None and answers >= FIRST_ANSWERS and refused > rate * answers:
            self._ending = self._ending or TooManyRefused(refused, answers)

    def _look_at_doubt(self, evidence: str, *, senseless: bool, stops: bool) -> None:
        self._breaker.doubtful(senseless=senseless)
        if stops:
            self._ending = self._ending or UnexpectedAnswer(evidence)
        if self._breaker.gate is Gate.BROKEN:
            self._ending = self._ending or TooManyDoubts(evidence)

    def _throttled(self, delivery: Delivery, status: int, retry_after: float | None, now: float) -> None:
        """Not processed: waits as the API asks, and lets the messages try again within their attempts and the run's budget."""
        probe = self._pace.throttled(now, delivery.due, retry_after, self._clock.random())
        self._tell(max(0.0, self._pace.paused_until - now), f"the API answered {status}")
        at = max(now, self._pace.paused_until)
        self._backlog.retry(delivery.messages, status, at, counts=not probe)

    def _abandon(self) -> list[Settlement]:
        """Asked twice to stop: what is on the wire is in doubt, and nobody waits for it."""
        doubt = InDoubt("the run was interrupted before the answer came")
        settle: list[Settlement] = []
        for delivery in self._in_flight:
            self._tally.requested()
            for message, attempt in zip(delivery.messages, delivery.attempts, strict=True):
                result = Result(message, attempt, doubt)
                self._tally.count(result)
                settle.append(settlement_of(result))
        self._in_flight.clear()
        return settle

    def _is_over(self) -> bool:
        return not self._in_flight and (self._ending is not None or self._backlog.empty)

    def _tell(self, waiting: float, why: str) -> None:
        """Progress, last of all: what watches may break, the run may not."""
        try:
            self._watch(RunProgress(self._tally.accepted, self._tally.refused, self._tally.in_doubt, waiting, why))
        except Exception as error:
            self._tally.watch_error = self._tally.watch_error or f"{type(error).__name__}: {error}"
            self._watch = lambda progress: None
