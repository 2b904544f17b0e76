"""Opens an environment's ledger: to read, or locked and checked to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from sendspec.ledger.access import hold, holder, migrate, read
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.record import StartedRun
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import find_identity, require_identity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner
from sendspec.operations.system import System
from sendspec.reading.environment import LedgerServer
from sendspec.reading.files.private_folder import make_private_folder


@contextmanager
def ledger_to_read(context: ProjectContext, warn: Callable[[str], None] = lambda words: None) -> Iterator[Facts | None]:
    """The ledger, read only; None if the environment has none yet. `warn` hears that it isn't the one that sends any more.

    Raises what `find_identity` raises, `LedgerMissing` if the ledger's file is gone, `LedgerRolledBack` if it lost its latest writes.
    """
    identity = find_identity(context)
    if identity is None:
        yield None
        return
    with read(ledger_place(context), identity, latest=True) as ledger:
        _tell_moved(context, ledger, warn)
        yield ledger


def process_holding(context: ProjectContext) -> int | None:
    """The process of this machine that holds the environment's ledger; None if it is on a server, which knows its runs itself."""
    ledger = context.environment.ledger
    return None if isinstance(ledger, LedgerServer) else holder(ledger, run_owner(context.system).host)


@contextmanager
def ledger_to_inspect(context: ProjectContext, warn: Callable[[str], None] = lambda words: None) -> Iterator[Facts]:
    """The same, even if it lost its latest writes. Raises `LedgerMissing` if there is none yet."""
    with read(ledger_place(context), require_identity(context)) as ledger:
        _tell_moved(context, ledger, warn)
        yield ledger


def _tell_moved(context: ProjectContext, ledger: Facts, warn: Callable[[str], None]) -> None:
    if ledger.moved_to is not None:
        warn(
            f"note: {context.environment.ledger.named} was moved to {ledger.moved_to}, which knows what was sent since; name that one"
            f" under `ledger:` in {context.project_path}"
        )


def ledger_to_write(
    context: ProjectContext, tell: Callable[[str], None] = lambda words: None, *, trusts_seal: bool = False
) -> AbstractContextManager[Ledger]:
    """The ledger with its run lock, checked. Sending never creates one. `tell` reports slow steps.

    With `trusts_seal`, the caller has `Ledger.check_sends` verify the sends that it works on.
    """
    system = context.system
    if isinstance(context.environment.ledger, LedgerServer):
        make_private_folder(context.root)  # for results that can't be written to the server
    return hold(
        ledger_place(context),
        require_identity(context),
        run_owner(system),
        since=system.since,
        ci=system.is_ci,
        tell=tell,
        trusts_seal=trusts_seal,
        now=system.clock.wall(),
    )


def migrate_ledger(context: ProjectContext, tell: Callable[[str], None]) -> tuple[int, int]:
    """The version that the ledger had, and the one that it has now. `tell` is told of slow steps."""
    system = context.system
    return migrate(
        ledger_place(context),
        require_identity(context),
        run_owner(system),
        since=system.since,
        tell=tell,
        now=system.clock.wall(),
    )


class RunRecord:
    """This run's line in the ledger's history: begun at the first write, at most once."""

    def __init__(self, ledger: Ledger, system: System) -> None:
        self._ledger = ledger
        self._system = system
        self._begun: StartedRun | None = None

    @property
    def number(self) -> int | None:
        return None if self._begun is None else self._begun.run

    def begin(self) -> StartedRun:
        """Begins the run. If it has begun already, it recovers nothing more."""
        if self._begun is not None:
            return replace(self._begun, recovered=0)
        self._begun = self._ledger.begin(run_owner(self._system), now=self._system.clock.wall())
        return self._begun

    def end(self, ending: str = "", requests: int = 0) -> None:
        """Closes the run's record, if it has begun."""
        if self._begun is not None:
            self._ledger.end(now=self._system.clock.wall(), ending=ending or "finished", requests=requests)


@contextmanager
def recorded_run(ledger: Ledger, system: System) -> Iterator[None]:
    """Records what the block does as one run. A run that raises has no end in the history."""
    run = RunRecord(ledger, system)
    run.begin()
    yield
    run.end()
