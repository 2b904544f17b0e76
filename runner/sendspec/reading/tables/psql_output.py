"""Recognises what psql prints for people: a table with a rule below its header, and the count of rows at its end."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem

_COUNT = lazy_pattern(r"\s*\(\d{1,12} [^\W\d]{1,20}\)\s*")
_RULE = lazy_pattern(r"\s*-{2,}(?:\+-{2,})*\s*")
_CODE = "psql-table"


def psql_table(lines: Sequence[str]) -> Problem | None:
    """The problem of a file that begins with these lines, if it is such a table."""
    if len(lines) < 2 or not _RULE.fullmatch(lines[1]) or lines[0].count("|") != lines[1].count("+"):
        return None
    return Problem(
        _CODE,
        "this is a table as psql prints it for people, not a CSV",
        "export it with `psql --csv -c 'select …' > people.csv`, or in psql with `\\copy (select …) to 'people.csv' csv header`",
    )


def row_count(line: str) -> Problem | None:
    """The problem of a line such as `(2 rows)`; None for any other line."""
    if not _COUNT.fullmatch(line):
        return None
    return Problem(_CODE, "the line looks like psql's count of rows, not like a row", "remove the line")
