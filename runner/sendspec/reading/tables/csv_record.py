"""A slow CSV parser that knows the place of every cell, for error messages; the `csv` module reads the bulk.

Both follow RFC 4180: a quoted cell may contain newlines; a quote inside an unquoted cell is an ordinary character.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import Position, Span

MAX_CELL = 131_072
"""Longest cell in characters: the `csv` module's own limit."""


class QuoteTrouble(StrEnum):
    UNCLOSED = "unclosed-quote"
    STRAY = "stray-quote"
    TOO_LONG = "cell-too-long"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, and the place of that text without the quotes."""

    text: str
    span: Span
    quoted: bool


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of a record, up to its end or to the quote that is in trouble `at` a place."""

    cells: tuple[Cell, ...]
    trouble: QuoteTrouble | None = None
    at: Position | None = None


class _Troubled(Exception):
    def __init__(self, trouble: QuoteTrouble, at: Position) -> None:
        self.trouble = trouble
        self.at = at


def read_record(lines: Iterable[str], first_line: int, delimiter: str) -> Record:
    """The record at the start of `lines`, the first of which is line `first_line` of the file."""
    scan = _Scan(lines, first_line, delimiter)
    cells: list[Cell] = []
    try:
        while scan.more:
            cells.append(scan.cell())
    except _Troubled as stop:
        return Record(tuple(cells), stop.trouble, stop.at)
    return Record(tuple(cells))


class _Scan:
    """The position in the input: `_text` is the current line without its line end, `_at` an offset into it."""

    def __init__(self, lines: Iterable[str], first_line: int, delimiter: str) -> None:
        self._lines = iter(lines)
        self._line = first_line - 1
        self._delimiter = delimiter
        self._text = ""
        self._at = 0
        self.more = self._next_line()

    def cell(self) -> Cell:
        quoted = self._text.startswith('"', self._at)
        cell = self._quoted() if quoted else self._unquoted()
        if len(cell.text) > MAX_CELL:
            raise _Troubled(QuoteTrouble.TOO_LONG, cell.span.start)
        self.more = self._at < len(self._text)
        self._at += 1
        return cell

    def _unquoted(self) -> Cell:
        start = self._position()
        end = self._text.find(self._delimiter, self._at)
        end = len(self._text) if end < 0 else end
        text = self._text[self._at : end]
        self._at = end
        return Cell(text, Span(start, self._position()), quoted=False)

    def _quoted(self) -> Cell:
        opening = self._position()
        self._at += 1
        start = self._position()
        text = self._until_closed(opening)
        end = Position(self._line, self._at)
        if self._text[self._at : self._at + 1] not in ("", self._delimiter):
            if opening.line != self._line:
                raise _Troubled(QuoteTrouble.UNCLOSED, opening)
            raise _Troubled(QuoteTrouble.STRAY, self._position())
        return Cell(text, Span(start, end), quoted=True)

    def _until_closed(self, opening: Position) -> str:
        """The content up to the closing quote, which is consumed."""
        parts: list[str] = []
        while True:
            quote = self._text.find('"', self._at)
            if quote < 0:
                parts.append(self._text[self._at :] + "\n")
                if not self._next_line():
                    raise _Troubled(QuoteTrouble.UNCLOSED, opening)
                continue
            parts.append(self._text[self._at : quote])
            self._at = quote + 1
            if not self._text.startswith('"', self._at):
                return "".join(parts)
            parts.append('"')
            self._at += 1

    def _next_line(self) -> bool:
        line = next(self._lines, None)
        self._line += 1
        self._at = 0
        self._text = "" if line is None else line.rstrip("\n").removesuffix("\r")
        return line is not None

    def _position(self) -> Position:
        return Position(self._line, self._at + 1)
