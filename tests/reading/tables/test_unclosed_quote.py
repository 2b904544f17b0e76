"""Rows swallowed by an unclosed quote are told from a cell on several lines."""

from __future__ import annotations

import pytest
from sendspec.reading.tables.unclosed_quote import header_swallowed, rows_swallowed


@pytest.mark.parametrize(
    ("lines", "width", "swallowed"),
    [
        (['+31612345671,"Ann', "+31612345672,Bob", '+31612345673,Carl"'], 2, True),
        (['A-1017,"Ann', "A-1018,Bob", 'A-1019,Carl"'], 2, True),
        (['"Ann', "Bob", 'Carl"'], 1, True),
        (['+31612345671,"Main Street 1', '1234 AB Amsterdam"'], 2, False),
        (['A-1017,"Main Street 1', '1234 AB, Amsterdam"'], 2, False),
        (['"a@example.com","Dear,', 'b@example.com,Bob"'], 2, True),
    ],
)
def test_a_line_that_is_a_row_by_itself_gives_swallowed_rows_away(
    lines: list[str], width: int, swallowed: bool
) -> None:
    assert rows_swallowed(lines, ",", width) is swallowed


def test_a_header_with_an_address_on_a_later_line_has_swallowed_rows() -> None:
    assert header_swallowed(['phone,"name', "+31612345678,Ann"], ",")
    assert not header_swallowed(['phone,"first', 'name"'], ",")
    assert not header_swallowed(['+31612345678,"first', 'name"'], ",")
