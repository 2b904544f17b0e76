"""Asks the API what it knows of the ledger's messages: the doubts at any time, the recent ones before a send."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from sendspec.composing.identity import receiver_hash
from sendspec.ledger.record import Doubt, Route
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.operations.project_context import ProjectContext
from sendspec.provider.endpoint import Endpoint, messages_endpoint
from sendspec.provider.sent_texts import SentTexts
from sendspec.reading.access_key import AccessKey
from sendspec.reading.project import Environment
from sendspec.sending.channel_scan import ReceiversOf
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.list_reader import RECONCILE_BOUNDS, ListBounds, ListReader
from sendspec.sending.reconciliation import Reconciled, reconcile, with_rivals
from sendspec.sending.run import Clock, Stop, StopStage
from sendspec.sending.witness import WITNESS_BOUNDS, Send, Witnessed, witness

LIST_SECONDS = 15.0


def boot_time() -> float:
    """Seconds that also count while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


CLOCK = Clock(monotonic=boot_time, wall=time.time, sleep=time.sleep, random=random.random)


class ApiLookup:
    """Reads lists of an environment's API, for a run that has begun."""

    def __init__(
        self,
        workspace: ProjectContext,
        reachable: Environment,
        key: AccessKey,
        ledger: SqliteLedger,
        stop: Stop,
        sent_texts: SentTexts,
    ) -> None:
        """`reachable` is the environment with an API that answers: see `api_of`. `sent_texts` must not be kept of its answers."""
        self._authorization = key.authorization(reachable.scheme)
        self._environment = reachable
        self._ledger = ledger
        self._hash: Callable[[str], bytes] = partial(receiver_hash, workspace.salt)
        self._stop = stop
        self._sent_texts = sent_texts

    def endpoint(self, route: Route, *, batch: bool = False) -> Endpoint:
        """Where a channel's messages are posted and listed; those of a `batch` have a place of their own to be posted to."""
        return messages_endpoint(
            self._environment.api, route.workspace, route.channel, self._authorization, batch=batch
        )

    def reconcile(
        self, names: Collection[str] | None, *, freeing: Collection[str] = (), numbers_of: ReceiversOf | None = None
    ) -> Reconciled:
        """Settles the doubts of the specs in `names`, None being all; `freeing` are those whose absence may be believed."""
        return reconcile(
            self._ledger,
            self.doubts(names),
            self._listing,
            self._hash,
            frees=lambda doubt: doubt.name in freeing,
            now=CLOCK.wall(),
            receivers_of=numbers_of,
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
            now=CLOCK.wall(),
            under_other_names=under_other_names,
        )

    def _listing(self, route: Route, bounds: ListBounds = RECONCILE_BOUNDS) -> ListReader:
        endpoint = self.endpoint(route)
        context = verifying_context() if endpoint.scheme == "https" else None
        connection = Connection(endpoint, context, CLOCK.monotonic)
        return ListReader(
            connection,
            CLOCK,
            LIST_SECONDS,
            lambda: self._stop.stage is not StopStage.NO,
            bounds,
            stand_in=lambda remote_id: f"hidden:{self._hash(remote_id).hex()}",
            sent_texts=self._sent_texts,
        )
