"""The send loop: claim, deliver, settle. Its thread owns the ledger; senders own their connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import assert_never

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerMoved,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.protocol import Claims
from sendspec.planning.decision import Skip
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.sent_texts import SentTexts
from sendspec.sending.circuit_breaker import BreakerState
from sendspec.sending.claim_choice import ClaimChooser, ClaimGroup
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.ending import (
    Finished,
    Halted,
    Interrupted,
    LedgerLost,
    LockLost,
    ending_without_connection,
)
from sendspec.sending.pace import TICK_SECONDS, senders_needed
from sendspec.sending.run import AttemptResult, Pause, RunProgress, RunResult, Sendable, Settings, Stop, StopStage
from sendspec.sending.run_state import RunState
from sendspec.sending.sender import (
    Delivery,
    Event,
    RequestEnded,
    Sender,
    SenderCrashed,
    SenderDown,
    SenderReady,
    WakeRequested,
)
from sendspec.sending.sender_pool import SenderPool
from sendspec.sending.settlement import settlement_of
from sendspec.sending.withheld import Withholds, without_withheld

MAX_DRAINED = 256
LATENCY_GUESS_SECONDS = 0.2
"""The API takes 50 to 150 ms. A guess too high costs a few idle threads; too low, a second below the rate."""
MIN_WAIT_SECONDS, MAX_WAIT_SECONDS = 0.001, 0.5


def send_all(
    messages: Iterator[Sendable],
    claims: Claims,
    endpoint: Endpoint,
    settings: Settings,
    clock: Clock,
    stop: Stop,
    *,
    credited: CreditedIds,
    look_up: Callable[[], Sequence[bytes]],
    watch: Callable[[RunProgress], None],
    withholds: Withholds | None = None,
    sent_texts: SentTexts | None = None,
) -> RunResult:
    """Sends every message at most once and returns what became of them. Raises what the ledger raises, and then sends no more.

    `credited` holds the API ids that this command has credited so far; each acceptance adds its own. `look_up` asks the API for
    the messages in doubt and returns those that it accepted. `withholds` says just before a claim why a message must not
    go out after all; where it can't tell, no more messages are claimed. `sent_texts` holds what this command has sent so far.
    """
    state = RunState(messages, settings, clock, watch)
    texts = sent_texts or SentTexts()
    loop = _Loop(state, claims, endpoint, settings, clock, stop, credited, look_up, withholds, texts)
    stop.wakes(loop.wake)
    try:
        return loop.run()
    finally:
        stop.wakes(lambda: None)


class _Loop:
    def __init__(
        self,
        state: RunState,
        claims: Claims,
        endpoint: Endpoint,
        settings: Settings,
        clock: Clock,
        stop: Stop,
        credited: CreditedIds,
        look_up: Callable[[], Sequence[bytes]],
        withholds: Withholds | None,
        sent_texts: SentTexts,
    ) -> None:
        self._state = state
        self._backlog, self._pace = state.backlog, state.pace
        self._in_flight, self._tally = state.in_flight, state.tally
        self._ledger = claims
        self._endpoint = endpoint
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._credited = credited
        self._look_up = look_up
        self._withholds = withholds
        self._sent_texts = sent_texts
        self._context = verifying_context() if endpoint.scheme == "https" else None
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._responded = threading.Event()
        requests = -(-settings.expected // (settings.batch or 1))
        self._pool = SenderPool(self._new_sender, min(settings.concurrency, max(1, requests)), clock)
        self._chooser = ClaimChooser(state, self._pool, settings, clock)
        self._gathered_at = clock.monotonic()
        self._commit_seconds = 0.0

    def wake(self) -> None:
        """Makes the loop check for a stop. Safe in a signal handler."""
        self._events.put(WakeRequested())

    def run(self) -> RunResult:
        state = self._state
        try:
            self._pool.spawn(
                senders_needed(self._settings.per_second, LATENCY_GUESS_SECONDS, self._settings.concurrency)
            )
            results: list[AttemptResult] = []
            while True:
                self._check_stop()
                if state.breaker.state is BreakerState.OPEN and not self._in_flight:
                    self._look_up_doubts(results)
                    results = []
                groups = self._chooser.choose()
                if results or groups:
                    self._exchange(results, groups)
                state.report(self._pool.pause or state.throttling)
                if state.is_over:
                    break
                results = self._gather()
        finally:
            self._pool.stop()
        if state.error is not None:
            raise state.error
        if self._stop.stage is not StopStage.FAST:
            self._pool.join()
        return self._tally.result(state.ending or Finished())

    def _new_sender(self) -> Sender:
        connection = Connection(self._endpoint, self._context, self._clock.monotonic)
        settings, clock, stop = self._settings, self._clock, self._stop
        return Sender(
            connection, settings, clock, stop, self._events, self._responded, self._credited, self._sent_texts
        )

    def _check_stop(self) -> None:
        if self._state.ending is None and self._stop.signal is not None:
            self._state.end(Interrupted(self._stop.signal))
        if self._state.ending is None:
            self._pool.reconnect()

    def _look_up_doubts(self, results: list[AttemptResult]) -> None:
        """The breaker is open and nothing is in flight: looks up what is in doubt, then lets one message probe."""
        self._exchange(results, [])
        if self._state.ending is None:
            self._state.report(Pause("looking up what is in doubt", None))
            self._tally.found(self._look_up())
        self._state.breaker.drained()

    def _exchange(self, results: list[AttemptResult], groups: list[ClaimGroup]) -> None:
        """Results in, claims out: one commit. After it, messages whose claim was won go to a sender, and results are counted."""
        groups, claimed_at = self._claimable(groups)
        claims = [message.claim for messages, _ in groups for message in messages]
        settle = list(map(settlement_of, results))
        try:
            exchanged = self._ledger.exchange(settle=settle, claim=claims, now=claimed_at)
        except (LedgerUnwritable, LedgerDamaged, LedgerMoved) as trouble:
            self._spill(results, trouble)
            raise
        if exchanged.halt is not None:
            self._state.end(Halted(exchanged.halt))
        now = self._clock.monotonic()
        won = exchanged.won
        self._tally.count_lost(exchanged.lost.values())
        self._tally.timed(now)
        delay, previous = self._commit_ended(groups, now)
        for messages, due in groups:
            ours = [message for message in messages if message.id in won]
            if ours:
                attempts = [won[message.id] for message in ours]
                self._hand_out(Delivery(ours, attempts, max(due + delay, now), due + previous + self._settings.timeout))
        if results:
            self._state.count_stored(results)

    def _claimable(self, groups: list[ClaimGroup]) -> tuple[list[ClaimGroup], float]:
        """What may still be claimed of what was chosen, and when: the same time is compared with `not_after` and recorded."""
        if groups and not self._ledger.still_mine():
            self._state.end(LockLost())
            groups = []
        claimable = without_withheld(groups, self._withholds)
        if claimable.ending is not None:
            self._state.end(claimable.ending)
        self._tally.unclaimed.update(claimable.withheld)
        groups = claimable.groups
        wall = self._clock.wall()
        if self._state.check_expiry(wall):
            self._tally.unclaimed[Skip.EXPIRED] += sum(len(messages) for messages, _ in groups)
            groups = []
        return groups, wall

    def _commit_ended(self, groups: list[ClaimGroup], now: float) -> tuple[float, float]:
        """By how much this commit delays the slots, and how long the commit before it took. In seconds.

        A message's timeout starts once its claim is durable, so a slow disk does not use it up. But if this commit took `timeout`
        longer than the one before, the process was probably suspended: the message is not sent, and is claimed again.
        """
        if not groups:
            return 0.0, 0.0
        previous, self._commit_seconds = self._commit_seconds, now - self._chooser.chosen_at
        return self._pace.delay_unused(groups[0][1], now), previous

    def _hand_out(self, delivery: Delivery) -> None:
        self._in_flight.add(delivery)
        self._pool.dispatch(delivery)

    def _spill(self, results: list[AttemptResult], trouble: LedgerTrouble) -> None:
        """The ledger stores no more results: waits for everything in flight and keeps all results beside the ledger."""
        self._state.end(LedgerLost(trouble.problem, trouble.fix))
        kept = list(results)
        while self._in_flight:
            kept += self._gather()
        if kept:
            with suppress(OSError):  # then they are in doubt at the next start
                self._ledger.spill(list(map(settlement_of, kept)))

    def _gather(self) -> list[AttemptResult]:
        """Waits for an event, then takes all that have arrived; returns the results to store."""
        results: list[AttemptResult] = []
        with suppress(Empty):
            event: Event = self._events.get(timeout=self._wait())
            self._let_more_come()
            self._handle(event, results)
            for _ in range(1, MAX_DRAINED):
                self._handle(self._events.get_nowait(), results)
        if self._stop.stage is StopStage.FAST:
            results += self._state.abandon()
        self._gathered_at = self._clock.monotonic()
        return results

    def _let_more_come(self) -> None:
        """Under a rate limit there is time to spare: the events of one tick share a commit and one wake-up of this thread."""
        if self._settings.per_second is not None and self._stop.stage is StopStage.NO:
            left = self._gathered_at + TICK_SECONDS - self._clock.monotonic()
            if left > 0:
                self._clock.sleep(left)

    def _wait(self) -> float:
        """How many seconds to wait for an event at most."""
        if self._state.has_expired and not self._backlog.empty:
            return MIN_WAIT_SECONDS  # what is left is counted without a pace
        now = self._clock.monotonic()
        moments = [now + MAX_WAIT_SECONDS]
        if self._pool.down:
            moments.append(self._pool.reconnect_at)
        if self._pool.ready and not self._backlog.exhausted:
            moments.append(self._pace.next_slot(now))
        if self._pool.ready and self._backlog.again_at is not None:
            moments.append(max(self._backlog.again_at, self._pace.next_slot(now)))
        return max(min(moments) - now, MIN_WAIT_SECONDS if self._settings.per_second is None else TICK_SECONDS)

    def _handle(self, event: Event, results: list[AttemptResult]) -> None:
        match event:
            case SenderReady(sender):
                self._pool.mark_ready(sender)
            case SenderDown(sender, reason, permanent):
                self._connection_failed(sender, reason, permanent=permanent)
            case RequestEnded():
                results += self._state.conclude(event)
            case SenderCrashed(_, ended, error):
                self._state.fail(error, "sendspec broke")
                if ended is not None:
                    results += self._state.conclude(ended)
            case WakeRequested():
                pass
            case _:
                assert_never(event)

    def _connection_failed(self, sender: Sender, reason: str, *, permanent: bool) -> None:
        seconds = self._pool.seconds_without_connection()
        patience = self._settings.patience
        ending = ending_without_connection(reason, permanent=permanent, seconds=seconds, patience=patience)
        if ending is not None:
            self._state.end(ending)
        self._pool.mark_down(sender, reason)
