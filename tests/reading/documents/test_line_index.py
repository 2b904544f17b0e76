"""Offsets become lines and columns as editors count them."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.position import Position, Span
from sendspec.reading.documents.line_index import LineIndex

LINES = LineIndex("ab\n\n😀c +31612345678\naccess_key: 0aKd93kdXw")


@pytest.mark.parametrize(("offset", "line", "column"), [(0, 1, 1), (2, 1, 3), (3, 2, 1), (4, 3, 1), (5, 3, 2)])
def test_an_offset_is_a_line_and_a_column_of_characters(offset: int, line: int, column: int) -> None:
    assert LINES.position(offset) == Position(line, column)


def test_a_span_may_cover_several_lines() -> None:
    assert LINES.span(1, 5) == Span(Position(1, 2), Position(3, 2))


def test_an_excerpt_is_masked_at_its_own_length_and_empty_outside_the_text() -> None:
    assert LINES.excerpt(3) == "😀c +31•••••••78"
    assert LINES.excerpt(4) == "access_key: ••••••••••"
    assert LINES.excerpt(0) == LINES.excerpt(5) == ""
