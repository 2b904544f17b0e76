"""The protocol over the real ledgers, driven by Hypothesis; and each way to break them, found by the same search."""

from __future__ import annotations

import re

import mutant_patches
import pytest
from list_state_machine import run_list_machine
from long_rows import all_but
from mutants import ABOUT_THE_LIST, CAUGHT_BY, Mutant, SharedMutant
from postgres_mutants import CUTS
from protocol_state_machine import BROKEN, run_machine
from sendspec.diagnostics.exceptions import LedgerDamaged
from shared_state_machine import BROKEN as BROKEN_SHARED
from shared_state_machine import run_shared_machine

FOUND_SOON: dict[Mutant, int] = {
    Mutant.RETRY_ON_500: 2,
    Mutant.CLAIM_WITHOUT_COMPARE: 2,
    Mutant.ABSENT_AT_ONCE: 1,
    Mutant.WITNESS_WINDOW_MOVED: 3,
    Mutant.ABSENCE_FROM_ONE_SIDE: 4,
}
"""Searches that are short; any finds it in the end."""
SEARCHES = [(False, 10), (True, 10)], [(False, 10), (True, 10), (False, 60), (True, 60)]
"""With the fence and without: how many examples are tried, and how many in long runs."""


@pytest.mark.parametrize(("fence", "examples"), all_but(*SEARCHES))
def test_the_rows_own_guards_keep_the_promise(fence: bool, examples: int) -> None:
    run_machine(fence=fence, examples=examples)


@pytest.mark.parametrize(
    ("fence", "examples"), all_but([(False, 4), (True, 6)], [(False, 4), (True, 6), (False, 30), (True, 30)])
)
def test_a_shared_ledger_keeps_the_promise_among_runs_that_lose_their_connections(fence: bool, examples: int) -> None:
    run_shared_machine(fence=fence, examples=examples)


@pytest.mark.parametrize("examples", all_but([10], [10, 100]))
def test_what_the_list_is_taken_to_prove_keeps_the_promise(examples: int) -> None:
    run_list_machine(examples=examples)


BY_SEARCHES = [mutant for mutant in Mutant if "machine" in CAUGHT_BY[mutant]]
FEW = (
    Mutant.SEND_BEFORE_CLAIM, Mutant.RETRY_ON_500, Mutant.CLAIM_WITHOUT_COMPARE, Mutant.MOVE_WITHOUT_COMPARE, Mutant.SIGHTING_BY_TEXT,
    Mutant.ABSENT_AT_ONCE, Mutant.FAILED_IS_RESENT, Mutant.OBSERVED_OF_ANYBODY,
)  # fmt: skip


@pytest.mark.parametrize("mutant", all_but(FEW, BY_SEARCHES))
def test_every_way_to_break_it_is_found(mutant: Mutant) -> None:
    first = FOUND_SOON.get(mutant, 0)
    assert any(finds(mutant, number) for number in range(first, first + 5))


def finds(mutant: Mutant, number: int) -> bool:
    """Whether the promise is broken, or the ledger itself refuses to go on: it counts its rows."""
    try:
        run = run_list_machine if mutant in ABOUT_THE_LIST else run_machine
        run(mutant, number=number, examples=400)
    except AssertionError as error:
        return re.match(BROKEN, str(error)) is not None
    except LedgerDamaged:
        return mutant is Mutant.ROWS_DELETED
    return False


@pytest.mark.parametrize("mutant", all_but([Mutant.ROWS_DELETED, SharedMutant.FENCE_NOT_CHECKED], CUTS))
def test_every_way_to_break_a_shared_ledger_is_found(mutant: Mutant | SharedMutant) -> None:
    assert any(finds_shared(mutant, number) for number in range(5))


def finds_shared(mutant: Mutant | SharedMutant, number: int) -> bool:
    """What the rows' own guards have to prevent is looked for without the fence."""
    try:
        run_shared_machine(mutant, number=number, fence=isinstance(mutant, SharedMutant), examples=60)
    except AssertionError as error:
        return re.match(BROKEN_SHARED, str(error)) is not None
    return False


def test_every_guard_that_the_ledgers_share_is_broken_in_both() -> None:
    in_sql = {mutant for mutant in Mutant if mutant in mutant_patches.CUTS or mutant is Mutant.ROWS_DELETED}
    assert set(CUTS) == in_sql | set(SharedMutant)
