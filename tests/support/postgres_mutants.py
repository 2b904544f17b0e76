"""Ways to break the ledger on PostgreSQL, as changes of the texts of its functions."""

from __future__ import annotations

from collections.abc import Iterator

from mutants import Mutant, SharedMutant
from sendspec.ledger.postgres import functions
from sendspec.ledger.postgres.creation import function_statement
from sendspec.ledger.postgres.function_words import LOST_OWNER

UNFENCED = (
    ("EXCHANGE", "_known IS NULL OR _known.is_fenced", "_known IS NULL"),
    ("CHECK_RUN", "_known IS NULL OR _known.is_fenced", "_known IS NULL"),
)
REJOINED = (("REJOIN", " AND NOT is_fenced", ""),)
_REPLACED = "(_replaces OR m.digest = p.digest)"
CUTS: dict[Mutant | SharedMutant, tuple[tuple[str, str, str], ...]] = {
    Mutant.REQUEUE_AT_RECOVERY: (
        ("BEGIN_RUN", "UPDATE message SET state = 'in_doubt'", "UPDATE message SET state = 'planned'"),
    ),
    Mutant.ROWS_DELETED: (
        (
            "BEGIN_RUN",
            f"UPDATE message SET state = 'in_doubt', evidence = '{LOST_OWNER}', updated_at = _now",
            "DELETE FROM message",
        ),
    ),
    Mutant.SETTLE_WITHOUT_STATE: (("EXCHANGE", "AND m.state = 'sending' AND m.attempt", "AND m.attempt"),),
    Mutant.SETTLE_WITHOUT_ATTEMPT: (("EXCHANGE", "AND m.attempt = s.attempt AND m.run = _run", ""),),
    Mutant.CLAIM_WITHOUT_COMPARE: (("EXCHANGE", "AND m.state = 'planned' AND m.digest", "AND m.digest"),),
    Mutant.CLAIM_WITHOUT_DIGEST: (
        ("EXCHANGE", "AND m.digest = c.digest AND m.reference IS NOT DISTINCT FROM c.reference", ""),
    ),
    Mutant.MOVE_WITHOUT_COMPARE: (("MOVE", "AND m.state = _origin AND m.attempt = c.attempt", ""),),
    Mutant.PLAN_OVERWRITES: (
        ("PLAN_BLOCK", f"m.state = 'planned' AND {_REPLACED}", "true"),
        ("PLAN_BLOCK", "AND (m.digest <> p.digest OR", "AND (true OR"),
        ("PLAN_BLOCK", "SET digest = p.digest", "SET state = 'planned', digest = p.digest"),
    ),
    Mutant.CONTINUE_WITHOUT_STATE: (("PLAN_BLOCK", f"m.state = 'planned' AND {_REPLACED}", _REPLACED),),
    SharedMutant.EXCHANGE_NOT_NUMBERED: (("EXCHANGE", "IF _exchange = _known.exchange THEN", "IF false THEN"),),
    SharedMutant.LIVING_TAKEN_FOR_DEAD: (
        ("BEGIN_RUN", "CONTINUE WHEN NOT pg_try_advisory_xact_lock(lock_key('run ' || _dead));", ""),
    ),
    SharedMutant.REJOIN_WITHOUT_FENCE: REJOINED,
    SharedMutant.FENCE_NOT_CHECKED: UNFENCED,
    SharedMutant.SETTLE_WITHOUT_RUN: (
        ("EXCHANGE", "AND m.attempt = s.attempt AND m.run = _run", "AND m.attempt = s.attempt"),
    ),
    SharedMutant.IMPORT_WITHOUT_ATTEMPT: (("IMPORT_RESULT", "AND attempt = _attempt AND run = _run", ""),),
}
"""The function that a mutant changes, and what in it is replaced by what."""


def broken_functions(mutant: Mutant | SharedMutant | None, *, fence: bool, schema: str) -> Iterator[str]:
    """The statements that put each function that some mutant changes into a schema: as `mutant` has it, or sound.

    Without `fence`, none looks whether its run was taken for dead. Raises LookupError where a function no longer has what is to be broken.
    """
    texts: dict[str, str] = {
        name: getattr(functions, name) for cuts in (UNFENCED, *CUTS.values()) for name, _, _ in cuts
    }
    cuts = () if mutant is None else CUTS[mutant]
    for name, origin, instead in (*cuts, *(() if fence else (*UNFENCED, *REJOINED))):
        if origin not in texts[name]:
            raise LookupError(f"{name} has no {origin!r} to break")
        texts[name] = texts[name].replace(origin, instead)
    for text in texts.values():
        yield function_statement(text.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1), schema)
