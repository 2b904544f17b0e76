"""One row that was changed in memory, as a table of its own: its problems are placed in the row, not in the user's file."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span, span_on_line
from sendspec.diagnostics.redaction import mask_in_row
from sendspec.reading.tables.block import Block, blocks_of
from sendspec.reading.tables.row import Row


class LoneRow:
    """`path` is that of the file which the row was in, before it was changed."""

    delimiter_found = ""
    blank_rows = 0

    def __init__(self, path: str, columns: tuple[str, ...], row: Row) -> None:
        self.path = path
        self.columns = columns
        self._row = row

    def rows(self, problems: Problems) -> Iterator[Row]:
        yield self._row

    def blocks(self, problems: Problems, *, compared: bool = True) -> Iterator[Block]:
        return blocks_of(self.rows(problems))

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        values = self._row.values
        cell = str(values.get(column, "")) if column is not None else ",".join(map(str, values.values()))
        return span_on_line(line, 1, len(cell)), mask_in_row(cell)

    def note_change(self, problems: Problems) -> None:
        """Does nothing: the row is in memory."""

    def close(self) -> None:
        """Does nothing: no file is open."""
