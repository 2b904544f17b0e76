"""One sender: a thread that keeps a connection standing and takes one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

from sendspec.diagnostics.clock import Clock
from sendspec.provider.answer import Answer, UnreadableAnswer
from sendspec.provider.answer_redaction import Redaction
from sendspec.provider.batch import answer_most, batch_body, batch_key, classify_batch
from sendspec.provider.classify import Sent, classify, senseless
from sendspec.provider.outcome import Accepted, InDoubt, NotSent, Outcome, Refused
from sendspec.sending.connection import Connection, Unreached
from sendspec.sending.credited import CreditedIds
from sendspec.sending.run import Sendable, Settings, Stop, Stopping


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
    """The sender's request came to an end; `wrote`: a byte of it left."""

    sender: Sender
    delivery: Delivery
    outcomes: Sequence[Outcome]
    wrote: bool


@dataclass(frozen=True, slots=True)
class Broke:
    """A bug: the sender ended with an exception that nobody foresaw. `ended` is what became of its request, if it had one."""

    sender: Sender
    ended: Ended | None
    error: BaseException


@dataclass(frozen=True, slots=True)
class Woken:
    """Somebody asks the loop to look around."""


Event: TypeAlias = Ready | Down | Ended | Broke | Woken


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """The claimed messages of one request, each with its attempt.

    It goes out at `due` or soon after, never from `too_late` on; both in monotonic seconds.
    """

    messages: Sequence[Sendable]
    attempts: Sequence[int]
    due: float
    too_late: float


class Connect:
    """Try again to connect."""


class Leave:
    """End."""


Order: TypeAlias = Delivery | Connect | Leave


class Sender:
    """Runs in a thread of its own; talks to the loop through `events`, is told through `orders`."""

    def __init__(
        self,
        line: Connection,
        settings: Settings,
        clock: Clock,
        stop: Stop,
        events: SimpleQueue[Event],
        first: threading.Event,
        credited: CreditedIds,
    ) -> None:
        self.orders: SimpleQueue[Order] = SimpleQueue()
        self._line = line
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._events = events
        self._answered = first
        self._credited = credited
        self._redaction = Redaction(line.authorization)
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        delivery: Delivery | None = None
        try:
            self._stand()
            while not isinstance(order := self.orders.get(), Leave):
                if isinstance(order, Delivery):
                    delivery = order
                    ended = self._deliver(order)
                    delivery = None
                    self._events.put(ended)
                if self._line.kept:  # looked at again before the next message is written
                    self._events.put(Ready(self))
                else:
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

    def _lost(self, delivery: Delivery) -> Ended:
        wrote = self._line.wrote
        outcome: Outcome = (
            InDoubt("sendspec broke while sending") if wrote else NotSent("sendspec broke before sending")
        )
        return Ended(self, delivery, [outcome] * len(delivery.messages), wrote)

    def _deliver(self, delivery: Delivery) -> Ended:
        self._line.wrote = False
        outcomes = self._outcomes(delivery)
        return Ended(self, delivery, outcomes, self._line.wrote)

    def _outcomes(self, delivery: Delivery) -> Sequence[Outcome]:
        count = len(delivery.messages)
        deadline = delivery.due + self._settings.timeout
        early = delivery.due - self._clock.monotonic()
        if early > 0:
            self._clock.sleep(early)
        try:
            self._line.stand()
        except Unreached as error:
            return [NotSent(error.reason)] * count
        if self._stop.stage is not Stopping.NO:
            return [NotSent("the run was asked to stop")] * count
        if self._clock.monotonic() >= min(delivery.too_late, deadline):
            return [NotSent("its time was over before it could begin")] * count
        try:
            answer = self._line.deliver(*self._request(delivery.messages), deadline, body_most=answer_most(count))
        except UnreadableAnswer as error:
            return [InDoubt(error.evidence) if self._line.wrote else NotSent(error.evidence)] * count
        return self._judged(answer, delivery.messages)

    def _judged(self, answer: Answer, messages: Sequence[Sendable]) -> Sequence[Outcome]:
        first = not self._answered.is_set()
        self._answered.set()
        sent = [Sent(message.reference, message.receiver) for message in messages]
        redaction = self._redaction.of([one.receiver for one in sent], [message.body for message in messages])
        outcomes = self._meant(answer, sent, redaction, first=first, extra=True)
        if not all(isinstance(outcome, Accepted) for outcome in outcomes):  # they would be proved, whatever follows
            extra = answer.extra or self._line.more_arrived()
            outcomes = self._meant(answer, sent, redaction, first=first, extra=extra)
        ids = [one.remote_id for one in outcomes if isinstance(one, Accepted | Refused) and one.remote_id is not None]
        if not self._credited.credit(ids):
            outcomes = [senseless(answer.status, " with the id of another message")] * len(sent)
        if not any(isinstance(outcome, Accepted) for outcome in outcomes):
            self._line.hang_up()  # if this answered another request, ours is still to come, and may have no reference
        return outcomes

    def _meant(
        self, answer: Answer, sent: Sequence[Sent], redaction: Redaction, *, first: bool, extra: bool
    ) -> Sequence[Outcome]:
        trust_503 = self._settings.trust_503
        if self._settings.batch is None:
            return [classify(answer, sent[0], first=first, trust_503=trust_503, extra=extra, redaction=redaction)]
        return classify_batch(answer, sent, first=first, trust_503=trust_503, extra=extra, redaction=redaction)

    def _request(self, messages: Sequence[Sendable]) -> tuple[bytes, str]:
        """Body and idempotency key."""
        if self._settings.batch is None:
            return messages[0].body, messages[0].idempotency_key
        return batch_body([m.body for m in messages]), batch_key([m.idempotency_key for m in messages])
