"""Problems at offsets of a file's text, turned into diagnostics at lines and columns."""

from __future__ import annotations

from typing import NoReturn

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import Position, Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.line_index import LineIndex

MAX_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class SpanProblem:
    """A problem from offset `start` to `end`; `note` and `also` go to the `Diagnostic`."""

    problem: Problem
    start: int
    end: int
    note: str = ""
    also: tuple[str, ...] = ()


class ReadingStopped(Exception):
    """The rest of the document can't be read sensibly, or already has too many problems."""


class SpanProblems:
    """Gathers the problems of one document as diagnostics."""

    def __init__(self, path: str, lines: LineIndex) -> None:
        self.found: list[Diagnostic] = []
        self._path = path
        self._lines = lines

    def add(self, problem: SpanProblem) -> None:
        """Raises `ReadingStopped` once there are `MAX_PROBLEMS`."""
        self.found.append(span_diagnostic(self._path, self._lines, problem))
        if len(self.found) >= MAX_PROBLEMS:
            raise ReadingStopped

    def stop_at(self, problem: SpanProblem) -> NoReturn:
        """Adds the document's last problem, and raises `ReadingStopped`."""
        self.add(problem)
        raise ReadingStopped

    def add_unless_known(self, problem: SpanProblem) -> None:
        """Leaves out what follows from an unquoted template: the parser often gives up later on the same line."""
        line = self._lines.position(problem.start).line
        if not any(found.code == "unquoted-template" and found.span.start.line == line for found in self.found):
            self.add(problem)


def span_diagnostic(path: str, lines: LineIndex, problem: SpanProblem) -> Diagnostic:
    """`problem` at its line and columns. One at the end of a line is placed behind the last character."""
    start = lines.position(problem.start)
    end = max(lines.position(max(problem.end, problem.start)), Position(start.line, start.column + 1))
    if end.column == 1 and end.line == start.line + 1:
        end = Position(start.line, start.column + 1)
    excerpt = lines.excerpt(start.line)
    return problem.problem.diagnostic(path, Span(start, end), excerpt=excerpt, note=problem.note, also=problem.also)
