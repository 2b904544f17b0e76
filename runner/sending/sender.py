"""One sender: a thread that keeps a connection standing and takes one message at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

from runner.sending.answer import Unclear
from runner.sending.classify import Sent, classify
from runner.sending.outcome import InDoubt, NotSent, Outcome
from runner.sending.run import Clock, Result, Sendable, Settings, Stop, Stopping
from runner.sending.wire import Line, Unreached


@dataclass(frozen=True, slots=True)
class Ready:
    """The sender's connection stands."""

    sender: Sender


@dataclass(frozen=True, slots=True)
class Down:
    """The sender could not connect; it waits to be told to try again."""

    sender: Sender
    reason: str
    lasting: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The sender's message came to an end."""

    sender: Sender
    result: Result


@dataclass(frozen=True, slots=True)
class Broke:
    """A bug: the sender ended with an exception that nobody foresaw. Its message, if it had one, is settled by `wrote`."""

    sender: Sender
    result: Result | None
    error: BaseException


@dataclass(frozen=True, slots=True)
class Woken:
    """Somebody asks the loop to look around."""


Event: TypeAlias = Ready | Down | Ended | Broke | Woken


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed message and the moment it may go out, in monotonic seconds."""

    message: Sendable
    attempt: int
    due: float


class Connect:
    """Try again to connect."""


class Leave:
    """End."""


Order: TypeAlias = Delivery | Connect | Leave


class Sender:
    """Runs in a thread of its own; talks to the loop through `events`, is told through `orders`."""

    def __init__(
        self,
        line: Line,
        settings: Settings,
        clock: Clock,
        stop: Stop,
        events: SimpleQueue[Event],
        first: threading.Event,
    ) -> None:
        self.orders: SimpleQueue[Order] = SimpleQueue()
        self._line = line
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._events = events
        self._answered = first
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        delivery: Delivery | None = None
        try:
            self._stand()
            while not isinstance(order := self.orders.get(), Leave):
                if isinstance(order, Delivery):
                    delivery = order
                    result = self._deliver(order)
                    delivery = None
                    self._events.put(Ended(self, result))
                self._stand()
        except BaseException as error:
            self._events.put(Broke(self, None if delivery is None else self._lost(delivery), error))
        finally:
            self._line.hang_up()

    def _stand(self) -> None:
        try:
            self._line.stand()
        except Unreached as error:
            self._events.put(Down(self, error.reason, error.lasting))
        else:
            self._events.put(Ready(self))

    def _lost(self, delivery: Delivery) -> Result:
        outcome: Outcome = (
            InDoubt("sendspec broke while sending") if self._line.wrote else NotSent("sendspec broke before sending")
        )
        return Result(delivery.message, delivery.attempt, outcome, self._line.wrote)

    def _deliver(self, delivery: Delivery) -> Result:
        self._line.wrote = False
        outcome = self._outcome(delivery)
        return Result(delivery.message, delivery.attempt, outcome, self._line.wrote)

    def _outcome(self, delivery: Delivery) -> Outcome:
        message, deadline = delivery.message, delivery.due + self._settings.timeout
        early = delivery.due - self._clock.monotonic()
        if early > 0:
            self._clock.sleep(early)
        try:
            self._line.stand()
        except Unreached as error:
            return NotSent(error.reason)
        if self._stop.stage is not Stopping.NO:
            return NotSent("the run was asked to stop")
        if self._clock.monotonic() >= deadline:
            return NotSent("its time was over before it could begin")
        try:
            answer = self._line.deliver(message.body, message.idempotency_key, deadline)
        except Unclear as error:
            return InDoubt(error.evidence) if self._line.wrote else NotSent(error.evidence)
        first = not self._answered.is_set()
        self._answered.set()
        return classify(
            answer, Sent(message.reference, message.receiver), first=first, trust_503=self._settings.trust_503
        )
