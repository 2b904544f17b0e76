"""Blocks of consecutive rows, read on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from sendspec.reading.tables.row import Row

Read = tuple[Sequence[int], Sequence[Any]]
"""The rows of a block: the first line of each, and the content of each (`Row.content`)."""


class Block:
    """Consecutive rows of a table, read on first use.

    `lines` are the lines that the block covers; each is a row's, if there are as many rows as lines.
    """

    def __init__(self, lines: Sequence[int], columns: tuple[str, ...] | None, read: Callable[[], Read]) -> None:
        self.lines = lines
        self.columns = columns
        self._read = read

    @cached_property
    def read(self) -> Read:
        """The rows. The first use also reports the problems of these lines."""
        return self._read()

    def row(self, number: int) -> Row:
        """The row at index `number` of the block."""
        lines, content = self.read
        return Row(lines[number], content[number], self.columns)

    def lines_of(self, count: int) -> Sequence[int]:
        """The line of each row, given that there are `count` rows."""
        return self.lines if count == len(self.lines) else self.read[0]


BLOCK_ROWS = 500


def block_of(read: Read, columns: tuple[str, ...] | None) -> Block:
    """A block of rows already read."""
    return Block(read[0], columns, lambda: read)


def blocks_of(rows: Iterable[Row]) -> Iterator[Block]:
    """`rows` in blocks of up to `BLOCK_ROWS`."""
    stream = iter(rows)
    while some := list(islice(stream, BLOCK_ROWS)):
        lines = [row.line for row in some]
        yield block_of((lines, [row.content for row in some]), some[0].columns)


def rows_of(blocks: Iterable[Block]) -> Iterator[Row]:
    new = tuple.__new__  # takes half the time of calling Row
    for block in blocks:
        columns = block.columns
        for line, content in zip(*block.read, strict=True):
            yield new(Row, (line, content, columns))
