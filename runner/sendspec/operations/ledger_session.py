"""The environment's ledger, held: locked, checked, and open to write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sendspec.diagnostics.exceptions import LedgerMissing
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.lock import RunLock, take_lock
from sendspec.ledger.sqlite.opening import ledger_is_there, open_to_write, refuse_on_ci
from sendspec.operations.lockfile_entry import require_identity
from sendspec.operations.project_context import ProjectContext, on_ci, this_process


@contextmanager
def ledger_to_write(
    context: ProjectContext, tell: Callable[[str], None] = lambda words: None
) -> Iterator[tuple[SqliteLedger, RunLock]]:
    """The environment's ledger with its run lock, checked; sending never makes one. `tell` hears what takes its time."""
    place, identity = context.environment.ledger, require_identity(context)
    refuse_on_ci(place.file, ci=on_ci(os.environ), durable=place.durable)
    if not ledger_is_there(place.file):
        raise LedgerMissing(
            f"the ledger {place.file} is gone, and sendspec.lock says that there was one",
            "bring it back: a new one would send everything again",
        )
    since = datetime.now(UTC).isoformat(timespec="seconds")
    lock = take_lock(place.file, this_process(), since=since)
    try:
        ledger = open_to_write(place.file, identity.ledger, salt=identity.salt, tell=tell)
        try:
            yield ledger, lock
        finally:
            ledger.close()
    finally:
        lock.release()
