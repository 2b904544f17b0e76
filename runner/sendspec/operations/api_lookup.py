"""Asks the API what it knows of the ledger's messages: the doubts at any time, the recent ones before a send."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from sendspec.composing.identity import receiver_hash
from sendspec.diagnostics.clock import Clock
from sendspec.ledger.record import Doubt, Route
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.access_key import AccessKey
from sendspec.reading.project import Environment
from sendspec.reading.url import peer_is_allowed
from sendspec.sending.connection import Connection, Endpoint, verifying_context
from sendspec.sending.listing import BOUNDS_OF_A_LOOK, ListBounds, Listing
from sendspec.sending.reconcile import NumbersOf, Reconciled, reconcile, with_rivals
from sendspec.sending.run import Stop, Stopping
from sendspec.sending.witness import BOUNDS, Send, Witnessed, witness

LIST_SECONDS = 15.0


def boot_time() -> float:
    """Seconds that also count while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


CLOCK = Clock(monotonic=boot_time, wall=time.time, sleep=time.sleep, random=random.random)


class ApiLookup:
    """Reads lists of an environment's API, for a run that has begun."""

    def __init__(
        self, context: ProjectContext, reachable: Environment, key: AccessKey, ledger: SqliteLedger, stop: Stop
    ) -> None:
        """`reachable` is the environment with an API that answers: see `api_of`."""
        self._authorization = key.authorization(reachable.scheme)
        self._environment = reachable
        self._ledger = ledger
        self._hash: Callable[[str], bytes] = partial(receiver_hash, context.salt)
        self._stop = stop

    def endpoint(self, route: Route, *, batch: bool = False) -> Endpoint:
        """Where a channel's messages are posted and listed; those of a `batch` have a place of their own to be posted to."""
        api = self._environment.api
        return Endpoint(
            scheme=api.scheme,
            host=api.host,
            port=api.port,
            authority=api.authority,
            path=f"{api.prefix}/workspaces/{route.workspace}/channels/{route.channel}/{'batch/' if batch else ''}messages",
            authorization=self._authorization,
            peer_allowed=lambda peer: peer_is_allowed(api, peer),
        )

    def reconcile(
        self, names: Collection[str] | None, *, freeing: Collection[str] = (), numbers_of: NumbersOf | None = None
    ) -> Reconciled:
        """Settles the doubts of the specs in `names`, None being all; `freeing` are those whose absence may be believed."""
        return reconcile(
            self._ledger,
            self.doubts(names),
            self._listing,
            self._hash,
            frees=lambda doubt: doubt.name in freeing,
            now=CLOCK.wall(),
            numbers_of=numbers_of,
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
            lambda: self._listing(route, BOUNDS),
            self._hash,
            sends,
            receivers,
            now=CLOCK.wall(),
            under_other_names=under_other_names,
        )

    def _listing(self, route: Route, bounds: ListBounds = BOUNDS_OF_A_LOOK) -> Listing:
        endpoint = self.endpoint(route)
        context = verifying_context() if endpoint.scheme == "https" else None
        line = Connection(endpoint, context, CLOCK.monotonic)
        return Listing(
            line,
            CLOCK,
            LIST_SECONDS,
            lambda: self._stop.stage is not Stopping.NO,
            bounds,
            stand_in=lambda remote_id: f"hidden:{self._hash(remote_id).hex()}",
        )
