"""What there is to do about rejected rows, counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.position import FILE_START
from sendspec.showing.diagnostics import diagnostics_text
from sendspec.showing.terminal_style import PLAIN
from sendspec.showing.todo import todo_json, todo_text


def error(code: str, rows: int = 0, *, column: str = "", severity: Severity = Severity.ERROR) -> Diagnostic:
    found = Diagnostic(code=code, path="a.csv", span=FILE_START, problem="p", fix="f", severity=severity)
    return replace(found, rows=tuple(range(1, rows + 1)), row_count=rows, column=column)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], ""),
        ([error("unknown-name")], ""),
        ([error("phone-landline", 3, severity=Severity.WARNING)], ""),
        ([error("phone-letters", 2), error("phone-length", 1), error("empty-value", 2, column="first_name"), error("too-long", 5)],
         "fix 3 numbers, fill 2 names, shorten 5 texts"),
        ([error("empty-value", 1, column="order_id"), error("empty-value", 2, column="code"), error("empty-value", 1)],
         "fill 1 cell of 'order_id', fill 2 cells of 'code', fill 1 cell"),
        ([error("empty-value", 2, column="person.last")], "fill 2 values of 'person.last'"),
        ([error("no-items", 4), error("sender-name", 3)], "correct 1 error in a.csv, correct the sender of 3 messages"),
        ([error("ragged-row", 1), error("unknown-name"), error("no-rows")], "correct 2 errors in a.csv, repair 1 row"),
        ([error("table-delimiter"), error("ragged-row", 1)], "set 1 delimiter, repair 1 row"),
        ([error("conflicting-rows", 1), error("where-not-boolean", 4)], "decide on 1 repeated recipient, look at 4 rows"),
    ],
)  # fmt: skip
def test_the_errors_of_rows_are_counted_by_what_is_to_be_done(found: list[Diagnostic], text: str) -> None:
    assert todo_text(found) == text
    assert ", ".join(str(each["text"]) for each in todo_json(found)) == text


def test_what_is_to_do_is_the_last_line_and_says_what_was_sent() -> None:
    found = [error("phone-letters", 2)]
    lines = diagnostics_text(found, PLAIN, ending="nothing was sent", todo=todo_text(found)).splitlines()
    assert lines[-2:] == ["1 error in 1 file", "to do: fix 2 numbers; nothing was sent"]


def test_the_column_at_fault_is_kept_with_the_first_row() -> None:
    problems = Problems()
    for line in (2, 3):
        problems.add_row("x", line, lambda: error("empty-value", column="name"))
    assert [(each.column, each.row_count) for each in problems] == [("name", 2)]
