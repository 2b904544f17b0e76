"""A problem on one line of a table, and the excerpt shown with it."""

from __future__ import annotations

from sendspec.diagnostics.characters import with_visible_characters
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_row


@dataclass(frozen=True, slots=True)
class LineProblem(Problem):
    """What is wrong with a line; `column` counts characters from 1, `length` is that of what is wrong."""

    column: int = 1
    length: int = 1


def line_diagnostic(path: str, line: int, text: str, start: int, length: int, problem: Problem) -> Diagnostic:
    """`problem` at `length` characters from column `start` of a line that reads `text`."""
    return problem.diagnostic(path, span_on_line(line, start, length), excerpt=excerpt(text))


def excerpt(text: str) -> str:
    """A line of a table made fit to show: numbers and addresses masked, every character still in its column."""
    return with_visible_characters(mask_in_row(text.rstrip("\r\n")))
