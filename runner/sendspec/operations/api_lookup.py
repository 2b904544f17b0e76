"""Asks the API about the ledger's messages: messages in doubt at any time, and recent ones before a send (the witness)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from sendspec.composing.identity import receiver_hash
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Doubt, Route, Send
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import channel_endpoint
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.sent_texts import SentTexts
from sendspec.reading.access_key import AccessKey
from sendspec.reading.environment import Environment
from sendspec.sending.channel_scan import ReceiversOf
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.list_reader import RECONCILE_BOUNDS, ListBounds, ListReader
from sendspec.sending.reconciliation import Reconciled, reconcile, with_rivals
from sendspec.sending.run import Stop, StopStage
from sendspec.sending.witness import WITNESS_BOUNDS, Witnessed, witness

LIST_SECONDS = 15.0
"""Deadline of one page of a list."""


class ApiLookup:
    """Reads lists of an environment's API, for a run that has begun."""

    def __init__(
        self,
        context: ProjectContext,
        reachable: Environment,
        key: AccessKey,
        ledger: Ledger,
        stop: Stop,
        sent_texts: SentTexts,
    ) -> None:
        """`reachable` is the environment with an API that answers: see `reachable_api`. `sent_texts` must not be kept of its answers."""
        self._key = key
        self._environment = reachable
        self._ledger = ledger
        self._hash: Callable[[str], bytes] = partial(receiver_hash, context.salt)
        self._clock = context.system.clock
        self._stop = stop
        self._sent_texts = sent_texts

    def endpoint(self, route: Route, *, batch: bool = False) -> Endpoint:
        """The address that a channel's messages are posted to and listed at; a `batch` is posted to an address of its own."""
        return channel_endpoint(self._environment, self._key, route, batch=batch)

    def reconcile(
        self,
        names: Collection[str] | None,
        *,
        resend_if_absent: Collection[str] = (),
        receivers_of: ReceiversOf | None = None,
    ) -> Reconciled:
        """Settles the doubts of the specs in `names`; None is all. `resend_if_absent` names the specs whose absent messages may be sent again."""
        return reconcile(
            self._ledger,
            self.doubts(names),
            self._listing,
            self._hash,
            resends_if_absent=lambda doubt: doubt.name in resend_if_absent,
            now=self._clock.wall(),
            receivers_of=receivers_of,
        )

    def doubts(self, names: Collection[str] | None) -> Sequence[Doubt]:
        found = self._ledger.doubts()
        return found if names is None else with_rivals(found, names)

    def witness(
        self,
        route: Route,
        sends: Mapping[Send, float | None],
        receivers: Callable[[], Sequence[str]],
        under_other_names: Callable[[Collection[bytes]], Counter[str]],
    ) -> Witnessed:
        """See `witness`."""
        return witness(
            self._ledger,
            lambda: self._listing(route, WITNESS_BOUNDS),
            self._hash,
            sends,
            receivers,
            now=self._clock.wall(),
            under_other_names=under_other_names,
        )

    def _listing(self, route: Route, bounds: ListBounds = RECONCILE_BOUNDS) -> ListReader:
        endpoint = self.endpoint(route)
        context = verifying_context() if endpoint.scheme == "https" else None
        connection = Connection(endpoint, context, self._clock.monotonic)
        return ListReader(
            connection,
            self._clock,
            LIST_SECONDS,
            lambda: self._stop.stage is not StopStage.NO,
            bounds,
            stand_in=lambda remote_id: f"hidden:{self._hash(remote_id).hex()}",
            sent_texts=self._sent_texts,
        )
