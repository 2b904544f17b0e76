"""Blocks of consecutive rows, read on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from sendspec.reading.tables.row import Row

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
