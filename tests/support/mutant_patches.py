"""Patches that break the ledger or reconciling of this process in one place each: what a search has to find."""

from __future__ import annotations

from contextlib import ExitStack
from types import ModuleType
from typing import Any
from unittest.mock import patch

from mutants import Mutant
from sendspec.ledger.record import Claim, ClaimLost
from sendspec.ledger.sqlite import exchange as exchange_module
from sendspec.ledger.sqlite import ledger as ledger_module
from sendspec.ledger.sqlite import planned_rows
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.planning.message_state import State
from sendspec.sending import reconciliation as reconcile_module
from sendspec.sending import witness as witness_module
from sendspec.sending.absence import AbsenceEvidence

CUTS: dict[Mutant, tuple[str, tuple[tuple[str, str], ...]]] = {
    Mutant.REQUEUE_AT_RECOVERY: ("RECOVER", (("'in_doubt'", "'planned'"),)),
    Mutant.SETTLE_WITHOUT_STATE: ("SETTLE", (("AND state = 'sending'", ""),)),
    Mutant.SETTLE_WITHOUT_ATTEMPT: (
        "SETTLE",
        (("AND attempt = ?7 AND run = ?8", "AND ?7 IS NOT NULL AND ?8 IS NOT NULL"),),
    ),
    Mutant.CLAIM_WITHOUT_COMPARE: ("CLAIM", (("AND state = 'planned'", ""),)),
    Mutant.CLAIM_WITHOUT_DIGEST: (
        "CLAIM",
        (("AND digest = ?5 AND reference IS ?6", "AND ?5 IS NOT NULL AND (?6 IS NULL OR ?6 IS NOT NULL)"),),
    ),
    Mutant.MOVE_WITHOUT_COMPARE: (
        "MOVE",
        (("AND state = ?6 AND attempt = ?7", "AND ?6 IS NOT NULL AND ?7 IS NOT NULL"),),
    ),
    Mutant.PLAN_OVERWRITES: (
        "REPLAN_PLANNED",
        (
            ("DO UPDATE SET", "DO UPDATE SET state = 'planned',"),
            ("row_checksum(id, spec, state,", "row_checksum(id, spec, 'planned',"),
            ("WHERE state = 'planned' AND (?3 OR digest = excluded.digest)", "WHERE ?3 IS NOT NULL"),
            ("AND (digest <> excluded.digest OR reference IS NOT excluded.reference OR line IS NOT excluded.line", ""),
            ("OR shape IS NOT excluded.shape)", ""),
        ),
    ),
    Mutant.CONTINUE_WITHOUT_STATE: (
        "REPLAN_PLANNED",
        (("WHERE state = 'planned' AND (?3 OR digest = excluded.digest)", "WHERE (?3 OR digest = excluded.digest)"),),
    ),
}
"""The statement that a mutant changes, and what in it is replaced by what."""
FORGET = "DELETE FROM message WHERE state = 'sending' AND ?1 IS NOT NULL AND ?2 IS NOT NULL"


def changed(mutant: Mutant) -> tuple[str, str]:
    """A statement's name and its broken text. Raises LookupError where the statement no longer has what is to be broken."""
    if mutant is Mutant.ROWS_DELETED:
        return "RECOVER", FORGET
    name, cuts = CUTS[mutant]
    sql: str = getattr(module_of(mutant), name)
    for origin, instead in cuts:
        if origin not in sql:
            raise LookupError(f"{name} has no {origin!r} to break")
        sql = sql.replace(origin, instead)
    return name, sql


def module_of(mutant: Mutant) -> ModuleType:
    """The module that uses the statement which a mutant changes."""
    name = CUTS[mutant][0] if mutant in CUTS else ""
    return {"REPLAN_PLANNED": planned_rows, "CLAIM": exchange_module, "SETTLE": exchange_module}.get(
        name, ledger_module
    )


def broken(mutant: Mutant | None, *, fence: bool) -> ExitStack:
    """To be closed; `fence` False takes the fence between runs away, whatever else is broken."""
    stack = ExitStack()
    if not fence:
        stack.enter_context(patch.object(SqliteLedger, "_check_fence", lambda ledger: None))
    if mutant in CUTS or mutant is Mutant.ROWS_DELETED:
        stack.enter_context(patch.object(module_of(mutant), *changed(mutant)))
    if (
        mutant is Mutant.SETTLE_WITHOUT_ATTEMPT
    ):  # the row that a claim left has a checksum that tells the attempts apart
        stack.enter_context(patch.object(SqliteLedger, "_sending_rows", SqliteLedger._rows_of))
    if mutant is Mutant.CLAIM_WITHOUT_COMPARE:
        stack.enter_context(patch.object(exchange_module, "why_lost", _sending_is_planned))
    if mutant is Mutant.CLAIM_WITHOUT_DIGEST:
        stack.enter_context(patch.object(exchange_module, "why_lost", any_text_will_do))
    if mutant is Mutant.ABSENT_AT_ONCE:
        stack.enter_context(patch.object(reconcile_module, "SCANS_APART_SECONDS", 0.0))
        stack.enter_context(patch.object(reconcile_module, "ABSENT_AFTER_SECONDS", 0.0))
        stack.enter_context(patch.object(reconcile_module, "why_unprovable", lambda doubt: None))
        stack.enter_context(
            patch.object(reconcile_module._ChannelSettlement, "_why_unproved", lambda settlement, doubt, credited: None)
        )
    if mutant is Mutant.SIGHTING_BY_TEXT:
        for module in (reconcile_module, witness_module):
            stack.enter_context(patch.object(module, "is_in_time", lambda sighting, *, own, first_claimed_at: True))
            stack.enter_context(patch.object(module, "is_for", lambda receiver, sighting, hash_receiver: True))
        stack.enter_context(patch.object(SqliteLedger, "credited", lambda ledger, remote_ids: {}))
    if mutant is Mutant.ABSENCE_FROM_ONE_SIDE:
        stack.enter_context(patch.object(AbsenceEvidence, "why_unproved", _one_side_will_do))
    return stack


_REAL_WHY_UNPROVED = AbsenceEvidence.why_unproved


def _one_side_will_do(around: AbsenceEvidence, doubt: Any, credited: Any) -> str | None:
    """Believes a list that shows an accepted message of ours from before the doubt, or from after it."""
    against = _REAL_WHY_UNPROVED(around, doubt, credited)
    one_side = against is not None and "shows no message of this ledger" in against and bool(around._anchors)
    return None if one_side else against


_REAL_WHY_LOST = exchange_module.why_lost


def _sending_is_planned(claim: Claim, row: Any) -> ClaimLost | None:
    """Takes a message that another run is sending, too."""
    if row is not None and row[3] == State.SENDING.value:
        row = (*row[:3], State.PLANNED.value, *row[4:])
    return _REAL_WHY_LOST(claim, row)


def any_text_will_do(claim: Claim, row: Any) -> ClaimLost | None:
    """Takes a message whatever text was planned."""
    return _REAL_WHY_LOST(claim, None if row is None else (*row[:4], claim.digest, claim.reference))
