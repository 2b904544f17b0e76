"""The words for a problem's value where the table has no cells: JSON lines, and lists in the spec."""

from __future__ import annotations

from dataclasses import replace

from sendspec.diagnostics.problem import Problem
from sendspec.reading.tables.row import Row

_IN_PLACE_OF = (
    ("empty the cell", "write null"),
    ("correct the cell in the spreadsheet, and export the table again", "correct the value where it comes from"),
)


def in_words_of(row: Row, column: str | None, problem: Problem) -> Problem:
    """`problem` with `column`, as it can be followed in the kind of table that the row is from."""
    if row.columns is not None or column not in row.values:
        return problem
    fix = problem.fix
    for cell, value in _IN_PLACE_OF:
        fix = fix.replace(cell, value)
    return replace(problem, fix=fix, problem=problem.problem.replace("the cell holds", "the value holds"))
