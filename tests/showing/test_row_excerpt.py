"""A mistake in a cell where many people read it: on CI, nothing of the other cells is shown."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import span_on_line
from sendspec.showing.row_excerpt import with_cell_alone


def found(line: str, cell: str | None, path: str = "people.csv", **more: Any) -> Diagnostic:
    """A problem of one cell of the line, or of the whole line."""
    start, length = (1, len(line)) if cell is None else (line.index(cell) + 1, len(cell))
    return Diagnostic(
        code="x", path=path, span=span_on_line(2, start, length), problem="x", fix="x", excerpt=line, **more
    )


@pytest.mark.parametrize(
    ("line", "cell", "shown"),
    [
        ("Ada,07•••••••03,diabetes", "07•••••••03", "…,07••••••03,…"),
        ("+44••••••••01,Ada,diabetes", "+44••••••••01", "+44••••••01,…"),
        ("Ada;diabetes;ro•••@ex•••", "ro•••@ex•••", "…;ro•••@ex•••"),
        ("Ada,diabetes,extra,more", ",more"[1:], "…,more"),
        ('"Lee, Ada",diabetes', '"Lee, Ada"', '"Lee, Ada",…'),
        ('"Lee, Ada" x,diabetes', " x,diabetes", "…"),
        ("Ada,diabetes", None, "…"),
        ("Ada", None, "Ada"),
        ('{"phone": "x", "note": "diabetes"}', '"x"', '…"x",…'),
        ("", None, ""),
    ],
)
def test_only_the_cell_in_question_is_left(line: str, cell: str | None, shown: str) -> None:
    assert with_cell_alone(found(line, cell)).excerpt == shown


def test_a_long_cell_is_cut() -> None:
    assert with_cell_alone(found(f"Ada,{'x' * 500},y", "x" * 500)).excerpt == f"…,{'x' * 110}…,…"


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "  text: Hi, you"),
        ({"key": "message.body"}, "  text: Hi, you"),
        ({"key": "recipients.0.phone"}, "…Hi,…"),
        ({"column": "phone"}, "…Hi,…"),
        ({"rows": (3,)}, "…Hi,…"),
    ],
)
def test_a_line_of_a_spec_is_shown_unless_it_is_a_recipients(more: dict[str, Any], shown: str) -> None:
    assert with_cell_alone(found("  text: Hi, you", "Hi", "hello.yaml", **more)).excerpt == shown
