"""The only loop: claim, deliver, settle. The thread that runs it owns the ledger; senders own their connections."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from queue import Empty, SimpleQueue

from runner.errors import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from runner.ledger.record import Settlement
from runner.planning.fact import State
from runner.sending.breaker import Breaker, Gate
from runner.sending.outcome import Accepted, InDoubt, NotProcessed, NotSent, Refused, RefusedAsAWhole
from runner.sending.pace import TICK, Pace, back_off, senders_needed
from runner.sending.run import (
    Claims,
    Clock,
    Ending,
    Finished,
    Interrupted,
    LedgerLost,
    LockLost,
    Progress,
    Result,
    RunResult,
    Sendable,
    Settings,
    SpecRefused,
    Stop,
    StoppedByApi,
    Stopping,
    TooManyDoubts,
    TooManyRefused,
    Unreachable,
)
from runner.sending.sender import Broke, Connect, Delivery, Down, Ended, Event, Leave, Ready, Sender, Woken
from runner.sending.tally import Tally
from runner.sending.wire import Endpoint, Line, verifying_context

DRAINED_MOST = 256
ATTEMPTS_MOST = 8
RETRY_SHARE, RETRIES_LEAST = 0.1, 20
FIRST_ANSWERS = 20
LATENCY_GUESS = 0.05
WAIT_MOST = 0.5


def send_all(
    messages: Iterator[Sendable],
    claims: Claims,
    endpoint: Endpoint,
    settings: Settings,
    clock: Clock,
    stop: Stop,
    *,
    lock_still_mine: Callable[[], bool],
    look_up: Callable[[], Sequence[bytes]],
    watch: Callable[[Progress], None],
) -> RunResult:
    """Sends every message at most once, and says what became of each. Raises what the ledger raises, with nothing more sent.

    `look_up` asks the API for the messages in doubt, and returns those that it found accepted.
    """
    loop = _Loop(messages, claims, endpoint, settings, clock, stop, lock_still_mine, look_up, watch)
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
        lock_still_mine: Callable[[], bool],
        look_up: Callable[[], Sequence[bytes]],
        watch: Callable[[Progress], None],
    ) -> None:
        self._messages = messages
        self._claims = claims
        self._endpoint = endpoint
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._lock_still_mine = lock_still_mine
        self._look_up = look_up
        self._watch = watch
        self._context = verifying_context() if endpoint.scheme == "https" else None
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._answered = threading.Event()
        self._senders: list[Sender] = []
        self._ready: deque[Sender] = deque()
        self._down: deque[Sender] = deque()
        self._in_flight: dict[bytes, Delivery] = {}
        self._again: list[tuple[float, int, Sendable]] = []
        self._order = count()
        self._attempts: dict[bytes, int] = {}
        self._retries = 0
        self._exhausted = False
        self._pace = Pace(settings.per_second, settings.concurrency)
        self._breaker = Breaker()
        self._tally = Tally()
        self._ending: Ending | None = None
        self._bug: BaseException | None = None
        self._failures = 0
        self._reconnect_at = 0.0
        self._contact_at = clock.monotonic()

    def wake(self) -> None:
        """Makes the loop look around; safe in a signal handler."""
        self._events.put(Woken())

    def run(self) -> RunResult:
        try:
            self._grow(senders_needed(self._settings.per_second, LATENCY_GUESS, self._settings.concurrency))
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
            for sender in self._senders:
                sender.orders.put(Leave())
        if self._bug is not None:
            raise self._bug
        if self._stop.stage is not Stopping.FAST:
            for sender in self._ready:
                sender.thread.join()
        return self._tally.result(self._ending or Finished())

    # ── what may go out next ─────────────────────────────────────────────────────────────────────────────────────

    def _judge(self) -> None:
        """Looks whether the run has to stop, and lets the pace and the gate go on."""
        now = self._clock.monotonic()
        if self._ending is None and self._stop.signal is not None:
            self._ending = Interrupted(self._stop.signal)
        if self._down and now >= self._reconnect_at and self._ending is None:
            self._reconnect_at = math.inf  # until the first of them reports
            for _ in range(len(self._down)):
                self._down.popleft().orders.put(Connect())

    def _pause(self, settle: list[Settlement]) -> list[Settlement]:
        """The breaker is shut and nothing on the wire: what is in doubt is looked up, then one message probes."""
        if settle:
            self._exchange(settle, [])
        if self._ending is None:
            self._tally.found(self._look_up())
        self._breaker.drained()
        return []

    def _choose(self) -> list[tuple[Sendable, float]]:
        """The messages to claim now, each with the moment it may go out."""
        if self._ending is not None or self._breaker.gate in (Gate.SHUT, Gate.BROKEN):
            return []
        now = self._clock.monotonic()
        window = 1 if self._breaker.gate is Gate.PROBING else self._pace.window
        wanted = min(len(self._ready), window - len(self._in_flight))
        if wanted <= 0:
            self._grow_if_short(now, window)
            return []
        chosen = self._take(now, wanted)
        slots = self._pace.slots(now, len(chosen))
        for message in chosen[len(slots) :]:
            heappush(self._again, (0.0, next(self._order), message))
        return list(zip(chosen, slots, strict=False))

    def _take(self, now: float, wanted: int) -> list[Sendable]:
        if now < self._pace.next_slot(now):
            return []
        chosen: list[Sendable] = []
        while len(chosen) < wanted and self._again and self._again[0][0] <= now:
            chosen.append(heappop(self._again)[2])
        while len(chosen) < wanted and not self._exhausted:
            message = next(self._messages, None)
            if message is None:
                self._exhausted = True
            else:
                chosen.append(message)
        return chosen

    def _grow_if_short(self, now: float, window: int) -> None:
        """More senders when slots are due and all are busy: the latency is longer than was guessed."""
        if self._settings.per_second is not None and len(self._in_flight) < window and not self._exhausted:
            if self._pace.next_slot(now) <= now and not self._down:
                self._grow(max(1, len(self._senders) // 2))

    def _grow(self, wanted: int) -> None:
        most = min(self._settings.concurrency, max(1, self._settings.expected))
        for _ in range(min(wanted, most - len(self._senders))):
            line = Line(self._endpoint, self._context, self._clock.monotonic)
            sender = Sender(line, self._settings, self._clock, self._stop, self._events, self._answered)
            try:
                sender.thread.start()
            except RuntimeError:  # no more threads to be had: fewer connections do as well
                if not self._senders:
                    raise
                return
            self._senders.append(sender)

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    def _exchange(self, settle: list[Settlement], claim: list[tuple[Sendable, float]]) -> None:
        """Results in, claims out: one commit. Only what is won goes to a sender."""
        if claim and not self._lock_still_mine():
            self._ending, claim = LockLost(), []
        try:
            won = self._claims.exchange(
                settle=settle, claim=[message.id for message, _ in claim], now=self._clock.wall()
            )
        except (LedgerUnwritable, LedgerDamaged) as trouble:
            self._spill(settle, trouble)
            raise
        self._tally.timed(self._clock.monotonic())
        for message, due in claim:
            attempt = won.get(message.id)
            if attempt is not None:
                delivery = Delivery(message, attempt, due)
                self._in_flight[message.id] = delivery
                self._ready.popleft().orders.put(delivery)

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
        try:
            event: Event = self._events.get(timeout=self._wait())
            for _ in range(DRAINED_MOST):
                self._note(event, settle)
                event = self._events.get_nowait()
        except Empty:
            pass
        if self._stop.stage is Stopping.FAST:
            settle += self._abandon()
        return settle

    def _wait(self) -> float:
        now = self._clock.monotonic()
        moments = [now + WAIT_MOST]
        if self._down:
            moments.append(self._reconnect_at)
        if self._ready and not self._exhausted:
            moments.append(self._pace.next_slot(now))
        if self._ready and self._again:
            moments.append(max(self._again[0][0], self._pace.next_slot(now)))
        if self._settings.per_second is not None:
            return max(min(moments) - now, TICK)
        return max(min(moments) - now, 0.001)

    def _note(self, event: Event, settle: list[Settlement]) -> None:
        match event:
            case Ready(sender):
                self._contact_at = self._clock.monotonic()
                self._failures = 0
                self._ready.append(sender)
            case Down(sender, reason, lasting):
                self._down.append(sender)
                self._unreached(reason, lasting=lasting)
            case Ended(_, result):
                settle.append(self._settled(result))
            case Broke(_, result, error):
                self._bug = self._bug or error
                self._ending = self._ending or TooManyDoubts("sendspec broke")
                if result is not None:
                    settle.append(self._settled(result))
            case Woken():
                pass

    def _unreached(self, reason: str, *, lasting: bool) -> None:
        now = self._clock.monotonic()
        if lasting or now - self._contact_at > self._settings.patience:
            self._ending = self._ending or Unreachable(reason)
        if self._reconnect_at <= now or self._reconnect_at == math.inf:
            self._reconnect_at = now + back_off(self._failures, self._clock.random())
            self._failures += 1
            self._tell(self._reconnect_at - now, reason)

    def _settled(self, result: Result) -> Settlement:
        """Counts one ended attempt, draws the conclusions for the run, and says what the ledger has to hold."""
        delivery = self._in_flight.pop(result.message.id, None)
        self._tally.count(result)
        now = self._clock.monotonic()
        identity, attempt, outcome = result.message.id, result.attempt, result.outcome
        settlement: Settlement
        match outcome:
            case Accepted(remote_id):
                settlement = Settlement(identity, attempt, State.ACCEPTED, remote_id, None, 202)
            case Refused(status, text, ours):
                settlement = Settlement(identity, attempt, State.REFUSED, None, text, status)
                self._look_at_refusals(text, ours=ours)
            case InDoubt(evidence, status, senseless, redirect):
                settlement = Settlement(identity, attempt, State.IN_DOUBT, None, evidence, status)
                self._look_at_doubt(evidence, senseless=senseless, redirect=redirect)
            case RefusedAsAWhole(status, text):
                settlement = Settlement(identity, attempt, State.PLANNED, None, text, status)
                self._ending = self._ending or StoppedByApi(outcome)
            case NotProcessed(status, retry_after):
                settlement = Settlement(identity, attempt, State.PLANNED, None, f"{status}, not processed", status)
                self._throttled(result.message, status, retry_after, now, now if delivery is None else delivery.due)
            case NotSent(reason):
                settlement = Settlement(identity, attempt, State.PLANNED, None, reason)
                if self._ending is None:
                    heappush(self._again, (now, next(self._order), result.message))
        if isinstance(outcome, Accepted | Refused):
            self._pace.succeeded(now)
            self._breaker.certain()
        self._tell(0.0, "")
        return settlement

    def _look_at_refusals(self, text: str, *, ours: bool) -> None:
        refused, answers = self._tally.refused, self._tally.answers
        if ours or (answers == FIRST_ANSWERS and refused == FIRST_ANSWERS):
            self._ending = self._ending or SpecRefused(text)
        rate = self._settings.failure_rate
        if rate is not None and answers >= FIRST_ANSWERS and refused > rate * answers:
            self._ending = self._ending or TooManyRefused(refused, answers)

    def _look_at_doubt(self, evidence: str, *, senseless: bool, redirect: bool) -> None:
        self._breaker.doubtful(senseless=senseless)
        if redirect or self._breaker.gate is Gate.BROKEN:
            self._ending = self._ending or TooManyDoubts(evidence)

    def _throttled(self, message: Sendable, status: int, retry_after: float | None, now: float, sent_at: float) -> None:
        """Not processed: waits as the API asks, and lets the message try again within its attempts and the run's budget."""
        probe = self._pace.throttled(now, sent_at, retry_after, self._clock.random())
        self._tell(max(0.0, self._pace.paused_until - now), f"the API answered {status}")
        attempts = self._attempts[message.id] = self._attempts.get(message.id, 0) + 1
        self._retries += not probe
        most = 2 if status in (421, 425) else ATTEMPTS_MOST
        budget = max(RETRIES_LEAST, RETRY_SHARE * self._settings.expected)
        if attempts < most and self._retries <= budget:
            heappush(self._again, (max(now, self._pace.paused_until), next(self._order), message))

    def _abandon(self) -> list[Settlement]:
        """Asked twice to stop: what is on the wire is in doubt, and nobody waits for it."""
        left = list(self._in_flight.values())
        self._in_flight.clear()
        evidence = "the run was interrupted before the answer came"
        results = [Result(d.message, d.attempt, InDoubt(evidence), True) for d in left]
        for result in results:
            self._tally.count(result)
        return [Settlement(r.message.id, r.attempt, State.IN_DOUBT, None, evidence) for r in results]

    def _is_over(self) -> bool:
        if self._in_flight:
            return False
        nothing_left = self._exhausted and not self._again
        return self._ending is not None or nothing_left

    def _tell(self, waiting: float, why: str) -> None:
        """Progress, last of all: what watches may break, the run may not."""
        try:
            self._watch(Progress(self._tally.accepted, self._tally.refused, self._tally.in_doubt, waiting, why))
        except Exception as error:
            self._tally.watch_error = self._tally.watch_error or f"{type(error).__name__}: {error}"
            self._watch = lambda progress: None
