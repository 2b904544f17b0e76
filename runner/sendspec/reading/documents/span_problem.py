"""A problem at a stretch of a file's text, before its lines and columns are counted."""

from __future__ import annotations

from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import Position, Span
from sendspec.reading.documents.line_index import LineIndex


@dataclass(frozen=True, slots=True)
class SpanProblem:
    """`start` and `end` are offsets; the rest is the `Diagnostic`'s."""

    start: int
    end: int
    code: str
    problem: str
    fix: str
    note: str = ""
    also: tuple[str, ...] = ()


def finding_diagnostic(path: str, lines: LineIndex, finding: SpanProblem) -> Diagnostic:
    """The finding in its place. One that is about the end of a line stands behind its last character."""
    start = lines.position(finding.start)
    end = max(lines.position(max(finding.end, finding.start)), Position(start.line, start.column + 1))
    if end.column == 1 and end.line == start.line + 1:
        end = Position(start.line, start.column + 1)
    return Diagnostic(
        code=finding.code,
        path=path,
        span=Span(start, end),
        problem=finding.problem,
        fix=finding.fix,
        note=finding.note,
        also=finding.also,
        excerpt=lines.excerpt(start.line),
    )
