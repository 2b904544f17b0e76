"""A row of a recipients' table, and what every kind of table can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple, Protocol

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span


class Row(NamedTuple):
    """One recipient. `line` is where the row begins in its file, from 1.

    `held` is what the row has by name, without what is null; or, with `columns`, a cell for each of them, empty where there is
    nothing.
    """

    line: int
    held: Any
    columns: tuple[str, ...] | None = None

    @property
    def values(self) -> Mapping[str, object]:
        """What the row has, by name. What is empty or null is not in it."""
        if self.columns is None:
            named: Mapping[str, object] = self.held
            return named
        return named_cells(self.columns, self.held)


def named_cells(columns: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    """What a row of cells has, by name, without what is empty."""
    return {name: cell for name, cell in zip(columns, cells, strict=True) if cell}


Read = tuple[Sequence[int], Sequence[Any]]
"""The line that each row begins on, and what each holds."""


class Block:
    """Some rows of a table that follow each other, read when they are asked for.

    `lines` are those that the block stands on: the rows' own, if it has as many rows as lines.
    """

    def __init__(self, lines: Sequence[int], columns: tuple[str, ...] | None, read: Callable[[], Read]) -> None:
        self.lines = lines
        self.columns = columns
        self._read = read

    @cached_property
    def read(self) -> Read:
        """Notes what is wrong with the table here."""
        return self._read()

    def row(self, number: int) -> Row:
        """The row at this place of the block, from 0."""
        lines, held = self.read
        return Row(lines[number], held[number], self.columns)

    def lines_of(self, count: int) -> Sequence[int]:
        """The lines of the rows, which somebody has found to be `count`."""
        return self.lines if count == len(self.lines) else self.read[0]


BLOCK_ROWS = 500


def block_of(read: Read, columns: tuple[str, ...] | None) -> Block:
    """A block of rows that are at hand."""
    return Block(read[0], columns, lambda: read)


def blocks_of(rows: Iterable[Row]) -> Iterator[Block]:
    """The same rows in blocks."""
    stream = iter(rows)
    while some := list(islice(stream, BLOCK_ROWS)):
        lines = [row.line for row in some]
        yield block_of((lines, [row.held for row in some]), some[0].columns)


def rows_of(blocks: Iterable[Block]) -> Iterator[Row]:
    new = tuple.__new__  # half the time of calling Row
    for block in blocks:
        columns = block.columns
        for line, held in zip(*block.read, strict=True):
            yield new(Row, (line, held, columns))


class Table(Protocol):
    """Rows that can be read again and again, with the same result as long as nobody writes to the file."""

    @property
    def path(self) -> str:
        """The file as the user sees it: as typed, or as the spec writes it after the spec's own folder."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name that a row can have, in the order of the file."""

    def rows(self, problems: Problems) -> Iterator[Row]:
        """The rows, one at a time; those that can't be used are left out, and why is among `problems`."""

    def blocks(self, problems: Problems) -> Iterator[Block]:
        """The same rows in blocks, which are the same at every pass over the same bytes. Each is read before the next is had,
        or not at all: then nothing is said of what is wrong with it.
        """

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        """The place of a cell in the row that begins on `line`, and the masked text of the line where it begins.

        The whole line, where `column` is None or the row has no such cell. Reads the file from its beginning.
        """

    def note_change(self, problems: Problems) -> None:
        """Adds an error where the file is no longer the one that was opened. A complete pass does so itself."""

    def close(self) -> None:
        """Lets go of the file."""
