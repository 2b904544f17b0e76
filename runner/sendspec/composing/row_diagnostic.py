"""Diagnostics at a row of the recipients' table."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.reading.tables.table import Table


def row_diagnostic(
    table: Table,
    line: int,
    column: str | None,
    *,
    code: str,
    problem: str,
    fix: str,
    severity: Severity = Severity.ERROR,
    also: tuple[str, ...] = (),
) -> Diagnostic:
    """A diagnostic on the cell of `column`, or on the whole line."""
    span, excerpt = table.locate(line, column)
    return Diagnostic(
        code=code, path=table.path, span=span, problem=problem, fix=fix, severity=severity, excerpt=excerpt, also=also,
        column=column or "",
    )  # fmt: skip
