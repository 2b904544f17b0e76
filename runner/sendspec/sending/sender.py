"""One sender: a thread that keeps a connection open and sends one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import TypeAlias

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.acceptance import SentMessage, doubt_about_acceptance
from sendspec.provider.batch_classification import classify_batch, max_batch_response
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse, UnreadableResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotSent, Outcome, Refused
from sendspec.provider.request import batch_body, batch_key
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.sent_texts import SentTexts
from sendspec.sending.connection import Connection, ConnectionFailed
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.run import Sendable, Settings, Stop, StopStage


@dataclass(frozen=True, slots=True)
class SenderReady:
    """The sender is connected and waits for an order."""

    sender: Sender


@dataclass(frozen=True, slots=True)
class SenderDown:
    """The sender could not connect; it waits for `Reconnect`."""

    sender: Sender
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """The sender's request is finished. `wrote`: at least one byte of it was sent."""

    sender: Sender
    delivery: Delivery
    outcomes: Sequence[Outcome]
    wrote: bool


@dataclass(frozen=True, slots=True)
class SenderCrashed:
    """A bug: an unexpected exception ended the sender. `ended` is what became of its request, if it had one."""

    sender: Sender
    ended: RequestEnded | None
    error: BaseException


@dataclass(frozen=True, slots=True)
class WakeRequested:
    """The loop has to check whether it was asked to stop."""


Event: TypeAlias = SenderReady | SenderDown | RequestEnded | SenderCrashed | WakeRequested


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """The claimed messages of one request, each with its attempt.

    It goes out at `due` or soon after, never at `too_late` or later; both in monotonic seconds.
    """

    messages: Sequence[Sendable]
    attempts: Sequence[int]
    due: float
    too_late: float


class Reconnect:
    """An order: try again to connect."""


class Quit:
    """An order: close the connection and end."""


Order: TypeAlias = Delivery | Reconnect | Quit


class Sender:
    """Runs in its own thread. It takes `orders` from the loop and reports `events` to it.

    `responded` is set once any sender of the run has read a response, whatever it means.
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        clock: Clock,
        stop: Stop,
        events: SimpleQueue[Event],
        responded: threading.Event,
        credited: CreditedIds,
        sent_texts: SentTexts,
    ) -> None:
        self.orders: SimpleQueue[Order] = SimpleQueue()
        self._connection = connection
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._events = events
        self._responded = responded
        self._credited = credited
        self._sent_texts = sent_texts
        self._redaction = Redaction(connection.authorization, sent_texts)
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        delivery: Delivery | None = None
        try:
            self._connect()
            while not isinstance(order := self.orders.get(), Quit):
                if isinstance(order, Delivery):
                    delivery = order
                    ended = self._deliver(order)
                    delivery = None
                    self._events.put(ended)
                if self._connection.reusable:  # `_post` checks it again before the next write
                    self._events.put(SenderReady(self))
                else:
                    self._connect()
        except BaseException as error:
            self._events.put(SenderCrashed(self, None if delivery is None else self._crash_result(delivery), error))
        finally:
            self._connection.close()

    def _connect(self) -> None:
        try:
            self._connection.ensure()
        except ConnectionFailed as error:
            self._events.put(SenderDown(self, error.reason, error.permanent))
        else:
            self._events.put(SenderReady(self))

    def _crash_result(self, delivery: Delivery) -> RequestEnded:
        """What became of the request that a bug cut short: in doubt once a byte may have left."""
        wrote = self._connection.wrote
        outcome: Outcome = (
            InDoubt("sendspec broke while sending") if wrote else NotSent("sendspec broke before sending")
        )
        return RequestEnded(self, delivery, [outcome] * len(delivery.messages), wrote)

    def _deliver(self, delivery: Delivery) -> RequestEnded:
        self._connection.wrote = False
        outcomes = self._post(delivery)
        return RequestEnded(self, delivery, outcomes, self._connection.wrote)

    def _post(self, delivery: Delivery) -> Sequence[Outcome]:
        count = len(delivery.messages)
        deadline = delivery.due + self._settings.timeout
        early = delivery.due - self._clock.monotonic()
        if early > 0:
            self._clock.sleep(early)
        try:
            self._connection.ensure()
        except ConnectionFailed as error:
            return [NotSent(error.reason)] * count
        if self._stop.stage is not StopStage.NO:
            return [NotSent("the run was asked to stop")] * count
        if self._clock.monotonic() >= min(delivery.too_late, deadline):
            return [NotSent("its deadline passed before it could be sent")] * count
        try:
            response = self._connection.post(
                *self._request(delivery.messages), deadline, max_body=max_batch_response(count)
            )
        except UnreadableResponse as error:
            return [InDoubt(error.evidence) if self._connection.wrote else NotSent(error.evidence)] * count
        return self._classified(response, delivery.messages)

    def _classified(self, response: HttpResponse, messages: Sequence[Sendable]) -> Sequence[Outcome]:
        first = not self._responded.is_set()
        self._responded.set()
        sent = [SentMessage(message.reference, message.receiver) for message in messages]
        redaction = self._redaction.of([one.receiver for one in sent], [message.body for message in messages])
        # first as if more bytes had followed: an acceptance that holds even then needs no check of the connection
        outcomes = self._classify(response, sent, redaction, first=first, extra=True)
        if not all(isinstance(outcome, Accepted) for outcome in outcomes):
            extra = response.extra or self._connection.extra_arrived()
            outcomes = self._classify(response, sent, redaction, first=first, extra=extra)
        ids = [one.remote_id for one in outcomes if isinstance(one, Accepted | Refused) and one.remote_id is not None]
        if not self._credited.credit(ids):
            outcomes = [doubt_about_acceptance(response.status, " with the id of another message")] * len(sent)
        if not any(isinstance(outcome, Accepted) for outcome in outcomes):
            # if this response belonged to another request, ours may arrive next and be taken for the next message's
            self._connection.close()
        return outcomes

    def _classify(
        self, response: HttpResponse, sent: Sequence[SentMessage], redaction: Redaction, *, first: bool, extra: bool
    ) -> Sequence[Outcome]:
        trust_503 = self._settings.trust_503
        if self._settings.batch is None:
            return [classify(response, sent[0], first=first, trust_503=trust_503, extra=extra, redaction=redaction)]
        return classify_batch(response, sent, first=first, trust_503=trust_503, extra=extra, redaction=redaction)

    def _request(self, messages: Sequence[Sendable]) -> tuple[bytes, str]:
        """The body and the idempotency key. The texts are noted before they leave, since any answer may repeat them."""
        bodies = [message.body for message in messages]
        self._sent_texts.note(bodies)
        if self._settings.batch is None:
            return bodies[0], messages[0].idempotency_key
        return batch_body(bodies), batch_key([m.idempotency_key for m in messages])
