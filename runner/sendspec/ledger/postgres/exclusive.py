"""Has a ledger alone, to copy or to migrate it: no run may be under way, and none begins or comes back meanwhile."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import LedgerBusy
from sendspec.diagnostics.wording import counted
from sendspec.ledger.postgres.open_ledger import LIVING
from sendspec.ledger.postgres.run_session import RunSession

TAKE = "SELECT pg_try_advisory_lock(lock_key('ledger'))"
HOLDS_LEDGER = """SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid = pg_backend_pid()
    AND mode = 'ExclusiveLock' AND (classid::bigint << 32 | objid::bigint) = lock_key('ledger')"""
"""Whether this session has it: a lock goes with the session that took it."""


def take_ledger(session: RunSession) -> None:
    """Takes the lock that every run shares while it begins or comes back. Raises `LedgerBusy` if somebody has it, or if a run is under way."""
    shown = session.place.shown
    if not session.once(TAKE)[0][0]:
        raise LedgerBusy(
            f"the ledger of {shown} is being copied or migrated", "wait until that has ended; nothing was changed"
        )
    living = len(session.once(LIVING))
    if living:
        raise LedgerBusy(
            f"{counted(living, 'run')} of the ledger of {shown} {'is' if living == 1 else 'are'} under way",
            "wait until they have ended; nothing was changed",
        )
