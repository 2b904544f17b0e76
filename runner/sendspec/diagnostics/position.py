"""Places in text files."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file. Both numbers count from 1, as in editors; columns count characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position


def span_on_line(line: int, column: int, length: int) -> Span:
    """A span of `length` characters on one line."""
    return Span(Position(line, column), Position(line, column + length))


FILE_START = span_on_line(1, 1, 0)
