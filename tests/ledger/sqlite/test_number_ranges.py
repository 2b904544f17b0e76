"""Ranges of numbers are joined where the least is between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.ledger.sqlite.number_ranges import NumberRange, joined_ranges


@pytest.mark.parametrize(
    ("ranges", "most", "found"),
    [
        ([], 3, ()),
        ([(5, 5), (3, 3), (4, 4), (9, 9)], 3, ((3, 5), (9, 9))),
        ([(1, 9), (2, 3), (20, 20)], 3, ((1, 9), (20, 20))),
        ([(1, 1), (5, 5), (7, 7), (20, 20)], 3, ((1, 1), (5, 7), (20, 20))),
        ([(1, 1), (5, 5), (7, 7), (20, 20)], 1, ((1, 20),)),
    ],
)
def test_numbers_become_ranges(ranges: list[NumberRange], most: int, found: tuple[NumberRange, ...]) -> None:
    assert joined_ranges(ranges, most) == found


@given(st.sets(st.integers(1, 60)), st.integers(1, 5))
def test_all_numbers_are_covered_by_no_more_ranges_than_wanted(numbers: set[int], most: int) -> None:
    """Each range begins and ends with a number that was given, and they are apart and in order."""
    found = joined_ranges([(number, number) for number in numbers], most)
    assert len(found) <= most
    assert all(any(first <= number <= last for first, last in found) for number in numbers)
    assert {end for each in found for end in each} <= numbers
    assert all(before[1] + 1 < after[0] for before, after in zip(found, found[1:], strict=False))
