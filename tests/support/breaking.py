"""Breaks the ledger and reconciling of this process in one place each, for as long as a block runs: what a search has to find."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from mutants import Mutant

from runner.ledger import sqlite as ledger_module
from runner.ledger.sqlite import SqliteLedger
from runner.sending import reconcile as reconcile_module

CUTS: dict[Mutant, tuple[str, tuple[tuple[str, str], ...]]] = {
    Mutant.REQUEUE_AT_RECOVERY: ("RECOVER", (("'in_doubt'", "'planned'"),)),
    Mutant.SETTLE_WITHOUT_STATE: ("SETTLE", (("AND state = 'sending'", ""),)),
    Mutant.SETTLE_WITHOUT_ATTEMPT: (
        "SETTLE",
        (("AND attempt = ?7 AND run = ?8", "AND ?7 IS NOT NULL AND ?8 IS NOT NULL"),),
    ),
    Mutant.CLAIM_WITHOUT_COMPARE: ("CLAIM", (("AND state = 'planned'", ""),)),
    Mutant.MOVE_WITHOUT_COMPARE: (
        "MOVE",
        (("AND state = ?6 AND attempt = ?7", "AND ?6 IS NOT NULL AND ?7 IS NOT NULL"),),
    ),
    Mutant.PLAN_OVERWRITES: (
        "PLAN",
        (
            ("DO UPDATE SET", "DO UPDATE SET state = 'planned',"),
            ("row_checksum(id, spec, state,", "row_checksum(id, spec, 'planned',"),
            ("WHERE state = 'planned' AND (?8 OR digest = excluded.digest)", "WHERE ?8 IS NOT NULL"),
            ("AND (digest <> excluded.digest OR reference IS NOT excluded.reference)", ""),
        ),
    ),
}
"""The statement that a mutant changes, and what in it is replaced by what."""
FORGET = "DELETE FROM message WHERE state = 'sending' AND ?1 IS NOT NULL"


def changed(mutant: Mutant) -> tuple[str, str]:
    """A statement's name and its broken text. Raises AssertionError where the statement no longer has what is to be broken."""
    if mutant is Mutant.ROWS_DELETED:
        return "RECOVER", FORGET
    name, cuts = CUTS[mutant]
    sql: str = getattr(ledger_module, name)
    for origin, instead in cuts:
        assert origin in sql, f"{name} has no {origin!r} to break"
        sql = sql.replace(origin, instead)
    return name, sql


def broken(mutant: Mutant | None, *, fence: bool) -> ExitStack:
    """To be closed; `fence` False takes the fence between runs away, whatever else is broken."""
    stack = ExitStack()
    if not fence:
        stack.enter_context(patch.object(SqliteLedger, "_check_fence", lambda ledger: None))
    if mutant in CUTS or mutant is Mutant.ROWS_DELETED:
        stack.enter_context(patch.object(ledger_module, *changed(mutant)))
    if mutant is Mutant.CLAIM_WITHOUT_COMPARE:
        stack.enter_context(patch.object(SqliteLedger, "_claim", _claim_without_compare))
    if mutant is Mutant.ABSENT_AT_ONCE:
        stack.enter_context(patch.object(reconcile_module, "SCANS_APART", 0.0))
        stack.enter_context(patch.object(reconcile_module, "ABSENT_AFTER", 0.0))
        stack.enter_context(patch.object(reconcile_module, "_all_listed", lambda known, listed: True))
    return stack


_REAL_CLAIM = SqliteLedger._claim


def _claim_without_compare(ledger: Any, ids: Any, now: float) -> dict[bytes, int]:
    """Takes a message that another run is sending, too."""
    if len(ids) != 1:
        return dict(_REAL_CLAIM(ledger, ids, now))
    rows = ledger._rows("SELECT attempt FROM message WHERE id = ? AND state IN ('planned', 'sending')", ids)
    if rows:
        ledger._execute(ledger_module.CLAIM, (ledger._run, now, ids[0]))
    return {identity: attempt + 1 for identity, (attempt,) in zip(ids, rows, strict=False)}
