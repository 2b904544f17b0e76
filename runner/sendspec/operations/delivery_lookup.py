"""Sweeps an environment's API for what became of accepted messages, and keeps what it saw."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from sendspec.composing.identity import receiver_hash
from sendspec.ledger.delivery.protocol import DeliveryStore
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import Route, SentMessage
from sendspec.operations.opt_out_keeping import keep_failures
from sendspec.operations.opt_out_lookup import look_for_opt_outs, look_words, reply_channels
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import channel_endpoint
from sendspec.reading.access_key import AccessKey
from sendspec.reading.environment import Environment
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.delivery_sweep import MAX_PAGES, DeliverySweep, Swept
from sendspec.sending.list_reader import ListBounds
from sendspec.sending.report_match import Matched, ReportMatch
from sendspec.sending.undecided import Undecided

REPLY_SECONDS = 30.0
"""How long a look at the replies may take."""
Sends = Sequence[tuple[str, int]]
"""Names and generations."""


class DeliveryLookup:
    """`reachable` is the environment with an API that answers: see `reachable_api`."""

    def __init__(self, context: ProjectContext, reachable: Environment, key: AccessKey) -> None:
        self._context = context
        self._environment = reachable
        self._key = key
        self._clock = context.system.clock
        self._hash = partial(receiver_hash, context.salt)
        self._tls: ssl.SSLContext | None = None

    def sweep(
        self,
        ledger: Facts,
        store: DeliveryStore,
        sends: Sends,
        channels: Sequence[Undecided],
        seconds: float,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Swept:
        """One sweep for these channels, of at most `seconds`. `sends` are those whose messages may be meant by the API's ids."""
        sweep = DeliverySweep(
            ReportMatch(ledger, self._hash, lambda: sent_messages(ledger, sends)),
            self._connection,
            self._clock,
            seconds=seconds,
            stand_in=lambda remote_id: f"hidden:{self._hash(remote_id).hex()}",
            stopped=stopped,
        )
        return sweep.run(channels, partial(self._keep, store))

    def _keep(self, store: DeliveryStore, route: Route, found: Sequence[Matched]) -> None:
        """Who may have opted out comes first: of a command that is killed in between, the next one sees the same again."""
        keep_failures(self._context, store, route.channel.lower(), found)
        store.observe(observation for _, observation in found)

    def replies(self, store: DeliveryStore, seconds: float) -> list[str]:
        """Reads what people replied since the last look, and keeps who said stop: usually one request a channel. What a person should know.

        Replies that can't be read keep nobody from looking at deliveries.
        """
        look = look_for_opt_outs(
            self._context,
            self._environment,
            self._key,
            store,
            reply_channels(self._context),
            bounds=ListBounds(pages=MAX_PAGES, seconds=min(seconds, REPLY_SECONDS), is_hard=True),
        )
        unread = (
            f"warning: replies were not read: {each.reason}; who said stop since is not known" for each in look.unread
        )
        return [*look_words(look), *unread]

    def _connection(self, route: Route) -> Connection:
        endpoint = channel_endpoint(self._environment, self._key, route)
        if endpoint.scheme == "https" and self._tls is None:
            self._tls = verifying_context()
        return Connection(endpoint, self._tls if endpoint.scheme == "https" else None, self._clock.monotonic)


def sent_messages(ledger: Facts, sends: Sends) -> Iterator[SentMessage]:
    for name, generation in sends:
        messages: Iterable[SentMessage] = ledger.accepted_of(name, generation)
        yield from messages
