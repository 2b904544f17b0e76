"""The diagnostics of a stage are gathered, grouped by problem and sorted by place."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import MAX_ROWS, Diagnostic, Problems, Severity
from sendspec.diagnostics.position import span_on_line
from sendspec.diagnostics.problem import Problem

RAGGED = Problem("ragged-row", "the row has 2 fields, the header has 3", "add what is missing")


def at(path: str, line: int, severity: Severity = Severity.ERROR) -> Diagnostic:
    return RAGGED.diagnostic(path, span_on_line(line, 1, 1), severity=severity)


def test_files_keep_their_order_and_places_are_sorted_within_each() -> None:
    problems = Problems()
    for path, line in (("b.csv", 7), ("a.csv", 2), ("b.csv", 3)):
        problems.add(at(path, line))
    assert [(found.path, found.span.start.line) for found in problems] == [("b.csv", 3), ("b.csv", 7), ("a.csv", 2)]


def test_the_same_problem_on_many_rows_is_one_diagnostic_that_counts_them() -> None:
    problems, described = Problems(), []

    def describe() -> Diagnostic:
        described.append(1)
        return at("a.csv", 2)

    for line in range(2, MAX_ROWS + 12):
        problems.add_row("ragged-row", line, describe)
    (found,) = problems
    assert len(described) == 1
    assert found.rows == tuple(range(2, MAX_ROWS + 2))
    assert found.row_count == MAX_ROWS + 10


def has_errors(problems: Problems) -> bool:
    """Whether there are errors now: a type checker takes a property for unchanged between two lines."""
    return problems.has_errors


def test_a_warning_is_no_error() -> None:
    problems = Problems()
    problems.add(at("a.csv", 1, Severity.WARNING))
    assert has_errors(problems) is False
    problems.add_row("ragged-row", 9, lambda: at("a.csv", 9))
    problems.add(at("a.csv", 2))
    assert has_errors(problems) is True
    assert problems.first_error == at("a.csv", 9)
