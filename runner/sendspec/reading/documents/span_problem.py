"""A problem at a stretch of a file's text, before its lines and columns are counted."""

from __future__ import annotations

from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import Position, Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.line_index import LineIndex


@dataclass(frozen=True, slots=True)
class SpanProblem:
    """`start` and `end` are offsets into the text; `note` and `also` are a `Diagnostic`'s."""

    problem: Problem
    start: int
    end: int
    note: str = ""
    also: tuple[str, ...] = ()


def span_diagnostic(path: str, lines: LineIndex, finding: SpanProblem) -> Diagnostic:
    """The finding in its place. One that is about the end of a line stands behind its last character."""
    start = lines.position(finding.start)
    end = max(lines.position(max(finding.end, finding.start)), Position(start.line, start.column + 1))
    if end.column == 1 and end.line == start.line + 1:
        end = Position(start.line, start.column + 1)
    excerpt = lines.excerpt(start.line)
    return finding.problem.diagnostic(path, Span(start, end), excerpt=excerpt, note=finding.note, also=finding.also)
