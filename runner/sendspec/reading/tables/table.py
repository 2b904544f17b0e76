"""The interface of every kind of recipients' table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span
from sendspec.reading.tables.block import Block
from sendspec.reading.tables.row import Row


class Table(Protocol):
    """Rows that can be read repeatedly, with the same result as long as the file doesn't change."""

    @property
    def path(self) -> str:
        """The file's path as shown to the user: as typed, or as written in the spec, joined to the spec's folder."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column name, in the order of the file."""

    @property
    def delimiter_found(self) -> str:
        """The delimiter, if `delimiter: auto` had it found."""

    @property
    def blank_rows(self) -> int:
        """How many rows the last complete pass skipped because there was nothing in them. Empty lines don't count."""

    def rows(self, problems: Problems) -> Iterator[Row]:
        """The valid rows, one at a time. Invalid rows are skipped and added to `problems`."""

    def blocks(self, problems: Problems, *, compared: bool = True) -> Iterator[Block]:
        """The same rows in blocks, the same ones at every pass over the same bytes.

        Read each block before advancing; a block that isn't read reports no problems. Unless `compared`, the pass takes no part in
        finding out whether the file changes between passes, which saves a hash of all bytes.
        """

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        """The place of a cell in the row that begins on `line`, and the masked text of the cell's first line.

        The whole line, if `column` is None or the row has no such cell. Reads the file from the start.
        """

    def note_change(self, problems: Problems) -> None:
        """Adds an error if the file has changed since it was opened. A complete pass does so itself."""

    def close(self) -> None:
        """Closes the file."""


def first_row(table: Table) -> Mapping[str, object]:
    """The values of the first valid row; empty if there is none."""
    return next((row.values for row in table.rows(Problems())), {})
