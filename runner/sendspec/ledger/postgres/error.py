"""Turns PostgreSQL's errors into ledger errors with a remedy. No text names the server, its user or a URL.

The server's own words are left out: they name roles and databases, and quote values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendspec.diagnostics.exceptions import (
    LedgerClosed,
    LedgerDamaged,
    LedgerMissing,
    LedgerTrouble,
    LedgerUnwritable,
    MessagesMoved,
)
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.place import moved_trouble
from sendspec.ledger.postgres.function_words import CLOSED, FENCED, MOVED, MOVED_AWAY, OTHER_SESSION, OUT_OF_ORDER

if TYPE_CHECKING:
    import psycopg

CONNECTION_LOST = ("08", "57P")
"""Classes of SQLSTATEs after which the session is gone; no SQLSTATE at all means the same."""
BUSY = "was kept busy by other runs"
WORTH_REPEATING = ("40001", "40P01", "55P03", "57014", "53", CLOSED)
"""A transaction that was rolled back for a passing reason: a deadlock, a time-out, a full disk, too many connections, a copy."""


def is_lost(error: psycopg.Error) -> bool:
    """Whether the session is gone, and what it was doing unknown."""
    return error.sqlstate is None or error.sqlstate.startswith(CONNECTION_LOST)


def is_worth_repeating(error: psycopg.Error) -> bool:
    """Whether the same call may succeed a moment later, in a new session or in this one."""
    return is_lost(error) or (error.sqlstate or "").startswith(WORTH_REPEATING)


def trouble_of(shown: str, error: psycopg.Error) -> LedgerTrouble:
    """The ledger error for one of PostgreSQL's. `shown` names the ledger without giving its URL away."""
    state = error.sqlstate or ""
    if state == MOVED:
        return MessagesMoved(counted(int(error.diag.message_primary or 0), "message"))
    if state == FENCED:
        return LedgerUnwritable(
            "this run lost its connection to the ledger, and another run took it for dead",
            "run the command again; `sendspec reconcile` finds out what became of messages in doubt",
        )
    if state == OTHER_SESSION:
        return LedgerTrouble(
            f"{shown} is behind a connection pool that gives each transaction another session",
            "connect to the server itself, or set the pool to session mode",
        )
    if state == OUT_OF_ORDER:
        return LedgerDamaged(f"{shown} lacks the latest writes of this run", "find out whether the server was restored")
    if state == MOVED_AWAY:
        return moved_trouble(f"the ledger of {shown}", printable(error.diag.message_primary or ""))
    if state == CLOSED:
        return LedgerClosed(
            f"the ledger of {shown} is being copied or migrated",
            "wait until that has ended, then run the command again",
        )
    return _known_trouble(shown, state) or LedgerTrouble(
        f"{shown} refused a step: {type(error).__name__} (SQLSTATE {state})",
        "look into the server's log, and run `sendspec doctor`",
    )


def _known_trouble(shown: str, state: str) -> LedgerTrouble | None:
    """The error for what is the server's or its operator's affair."""
    if state.startswith("28"):
        return LedgerTrouble(f"{shown} refuses this user or password", "correct the URL")
    if state == "42501":
        return LedgerTrouble(
            f"the role that connects to {shown} may not do this",
            "grant it what `sendspec ledger init --roles` prints, or connect as the ledger's owner",
        )
    if state == "3D000":
        return LedgerMissing(
            f"the server has no database of the name that {shown} has", "create it, or correct the URL"
        )
    if state in ("42P01", "42883", "3F000"):
        return LedgerMissing(
            f"{shown} has no ledger that this role can see, or only parts of one",
            "grant the role what `sendspec ledger init --roles` prints; if there never was a ledger: sendspec ledger init",
        )
    if state.startswith("XX00"):
        return LedgerDamaged(
            f"the ledger of {shown} is damaged: a value can't be read",
            "restore it from a backup; `sendspec ledger check` tells more",
        )
    if state.startswith("53100"):
        return LedgerUnwritable(f"the disk of {shown} is full", "make room, then run the command again")
    if state.startswith("25006"):
        return LedgerUnwritable(
            f"{shown} takes no writes: it is a standby, or was set to read only",
            "connect to the primary server, or turn `default_transaction_read_only` off",
        )
    if not state or state.startswith(CONNECTION_LOST) or state.startswith(WORTH_REPEATING):
        why = {"": "can't be reached", "57014": "took too long", "55P03": BUSY, "40P01": BUSY, "40001": BUSY}
        return LedgerUnwritable(
            f"{shown} {why.get(state, 'broke off')}", "look at the server, then run the command again"
        )
    return None
