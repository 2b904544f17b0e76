"""A problem becomes a diagnostic once its place is known."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.position import FILE_START, span_on_line
from sendspec.diagnostics.problem import Problem

PROBLEM = Problem("file-missing", "there is no file 'a.csv'", "check the path")


def test_without_a_span_it_is_placed_at_the_start_of_the_file() -> None:
    assert PROBLEM.diagnostic("spec.yaml") == Diagnostic(
        code="file-missing",
        path="spec.yaml",
        span=FILE_START,
        problem="there is no file 'a.csv'",
        fix="check the path",
    )


def test_everything_about_the_place_is_passed_on() -> None:
    found = PROBLEM.diagnostic(
        "spec.yaml", span_on_line(3, 5, 2), severity=Severity.WARNING, excerpt="x: 1", note="here", also=("and there",)
    )
    assert (found.span, found.severity, found.excerpt, found.note, found.also) == (
        span_on_line(3, 5, 2), Severity.WARNING, "x: 1", "here", ("and there",),
    )  # fmt: skip
