"""Opens an environment's ledger: to read, or locked and checked to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sendspec.diagnostics.exceptions import LedgerMissing
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import Begun
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.lock import RunLock, take_lock
from sendspec.ledger.sqlite.opening import ledger_is_there, open_to_read, open_to_write, refuse_on_ci
from sendspec.operations.lockfile_entry import find_identity, require_identity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.system import System


@contextmanager
def ledger_to_read(context: ProjectContext) -> Iterator[SqliteLedger | None]:
    """The ledger, read only; None if the environment has none yet. Raises when there should be one, or when it is behind."""
    identity = find_identity(context)
    if identity is None:
        yield None
        return
    with _opened(context, identity, latest=True) as ledger:
        yield ledger


@contextmanager
def ledger_to_inspect(context: ProjectContext) -> Iterator[SqliteLedger]:
    """The ledger, read only, also if it is behind its last run. Raises `LedgerMissing` if there is none yet."""
    with _opened(context, require_identity(context), latest=False) as ledger:
        yield ledger


@contextmanager
def _opened(context: ProjectContext, identity: LedgerIdentity, *, latest: bool) -> Iterator[SqliteLedger]:
    ledger = open_to_read(context.environment.ledger.file, identity.ledger, salt=identity.salt, latest=latest)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def ledger_to_write(
    context: ProjectContext, tell: Callable[[str], None] = lambda words: None
) -> Iterator[tuple[SqliteLedger, RunLock]]:
    """The ledger with its run lock, checked. Sending never creates one. `tell` hears of steps that take their time."""
    place, identity, system = context.environment.ledger, require_identity(context), context.system
    refuse_on_ci(place.file, ci=system.is_ci, durable=place.durable)
    if not ledger_is_there(place.file):
        raise LedgerMissing(
            f"the ledger {place.file} is gone, and sendspec.lock says that there was one",
            "bring it back: a new one would send everything again",
        )
    lock = take_lock(place.file, system.owner, since=system.since)
    try:
        ledger = open_to_write(place.file, identity.ledger, salt=identity.salt, tell=tell)
        try:
            yield ledger, lock
        finally:
            ledger.close()
    finally:
        lock.release()


class RunRecord:
    """This run's line in the ledger's history: begun at the first write, at most once."""

    def __init__(self, ledger: SqliteLedger, system: System) -> None:
        self._ledger = ledger
        self._system = system
        self._begun: Begun | None = None

    @property
    def number(self) -> int | None:
        return None if self._begun is None else self._begun.run

    def begin(self) -> Begun:
        """Begins the run. If it has begun already, it recovers nothing more."""
        if self._begun is not None:
            return replace(self._begun, recovered=0)
        self._begun = self._ledger.begin(self._system.owner, now=self._system.clock.wall())
        return self._begun

    def end(self, ending: str = "", requests: int = 0) -> None:
        """Closes the run's record, if it has begun."""
        if self._begun is not None:
            self._ledger.end(now=self._system.clock.wall(), ending=ending or "finished", requests=requests)


@contextmanager
def recorded_run(ledger: SqliteLedger, system: System) -> Iterator[None]:
    """Records what the block does as one run. A run that raises has no end in the history."""
    run = RunRecord(ledger, system)
    run.begin()
    yield
    run.end()
