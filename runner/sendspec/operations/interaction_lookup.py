"""Asks for the interactions with the newest messages: who opted out by a link since."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator

from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.protocol import DeliveryStore, Written
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import Route, SentMessage
from sendspec.operations.opt_out_keeping import keep_signals
from sendspec.operations.opt_out_lookup import OptOutLook
from sendspec.operations.opt_out_signal import kept_id, signals_of
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import channel_endpoint
from sendspec.reading.access_key import AccessKey
from sendspec.reading.environment import Environment
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.interaction_sweep import InteractionSweep
from sendspec.sending.list_reader import ListUnread
from sendspec.sending.request_pace import RequestPace

MAX_ASKED = 500
"""Messages that are asked for in one look, the newest: one request each, ten a second."""


def look_at_interactions(
    context: ProjectContext,
    reachable: Environment,
    key: AccessKey,
    ledger: Facts,
    store: DeliveryStore,
    *,
    stopped: Callable[[], bool] = lambda: False,
    most: int = MAX_ASKED,
) -> OptOutLook:
    """Keeps the interactions with the newest `most` accepted messages, and what they say of further messages. The first failure ends it."""
    by_route: defaultdict[Route, list[SentMessage]] = defaultdict(list)
    for message in heapq.nlargest(most, _accepted(ledger), key=lambda one: one.accepted_at):
        if message.route is not None:
            by_route[message.route].append(message)
    look = _Look(context, store)
    clock = context.system.clock
    pace = RequestPace(clock)
    unread: tuple[ListUnread, ...] = ()
    for route, messages in by_route.items():
        endpoint = channel_endpoint(reachable, key, route)
        tls = verifying_context() if endpoint.scheme == "https" else None
        connection = Connection(endpoint, tls, clock.monotonic)
        sweep = InteractionSweep(connection, clock, pace, stopped)
        try:
            for message in messages:
                look.read(message, sweep, route)
        except ListUnread as error:
            unread = (error,)
        finally:
            connection.close()
            look.skipped += sweep.skipped
        if unread:
            break
    return OptOutLook(written=look.written, unaddressed=look.unaddressed, skipped=look.skipped, unread=unread)


class _Look:
    """Keeps what is read, and counts."""

    def __init__(self, context: ProjectContext, store: DeliveryStore) -> None:
        self._context = context
        self._store = store
        self.written = Written()
        self.unaddressed = 0
        self.skipped = 0

    def read(self, message: SentMessage, sweep: InteractionSweep, route: Route) -> None:
        salt, now = self._context.salt, self._context.system.clock.wall()
        for entries in sweep.interactions_with(message.remote_id or ""):
            readings = [signals_of(entry, salt, now, route.channel.lower()) for entry in entries]
            self.unaddressed += sum(reading.unaddressed for reading in readings)
            self.written += keep_signals(self._context, self._store, readings)
            self._store.put_interactions(
                Interaction(
                    kept_id(entry.id, sorted(entry.receivers), salt),
                    message.id,
                    entry.type,
                    entry.at,
                    is_first=entry.is_first,
                    is_bot=entry.is_bot,
                )
                for entry in entries
            )


def _accepted(ledger: Facts) -> Iterator[SentMessage]:
    """The accepted messages of every send's newest generation that have an API id."""
    newest = {send.name: send.generation for send in ledger.sends()}
    for name, generation in newest.items():
        yield from (message for message in ledger.accepted_of(name, generation) if message.remote_id)
