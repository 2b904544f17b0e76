"""Which numbers are times, and what ledgers say of others."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.moment import MAX_MOMENT, MIN_MOMENT, is_moment, noted_moment
from sendspec.ledger.stored_row import former_trees_of


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e300, MAX_MOMENT + 1, MIN_MOMENT - 1])
def test_what_no_calendar_has_is_no_moment(number: float) -> None:
    assert not is_moment(number)
    assert noted_moment(repr(number)) is None


def test_a_note_is_a_moment_or_none() -> None:
    assert (noted_moment("12.5"), noted_moment("0"), noted_moment("abc"), noted_moment("")) == (12.5, 0.0, None, None)


@pytest.mark.parametrize("written", ["x", "[[1, 2, 3]]", "[1]", "[" * 100_000])
def test_earlier_templates_that_can_not_be_read_are_damage(written: str) -> None:
    with pytest.raises(LedgerDamaged):
        former_trees_of(written, "the ledger")


def test_earlier_templates_come_with_their_last_message() -> None:
    assert former_trees_of('[["a", "b", 3]]', "the ledger") == [("a", "b", 3)]
