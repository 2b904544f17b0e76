"""Recipients listed in the spec itself; their places are in the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.tables.block import Block, blocks_of
from sendspec.reading.tables.row import Row


class InlineTable:
    """Rows, each with its path in the spec. Rows on the same line share one place."""

    delimiter_found = ""
    blank_rows = 0

    def __init__(self, document: Document, rows: Sequence[tuple[KeyPath, Mapping[str, object]]]) -> None:
        self.path = document.path
        self.columns = tuple(dict.fromkeys(name for _, values in rows for name in values))
        self._document = document
        self._rows = tuple((self._line(at), at, values) for at, values in rows)

    def rows(self, problems: Problems) -> Iterator[Row]:
        """All rows: the spec's reader has already checked the list."""
        for line, _, values in self._rows:
            yield Row(line, {name: value for name, value in values.items() if value is not None})

    def blocks(self, problems: Problems, *, compared: bool = True) -> Iterator[Block]:
        return blocks_of(self.rows(problems))

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        found = [(at, values) for number, at, values in self._rows if number == line]
        spans = [
            self._document.span((*at, column) if column is not None and column in values else at)
            for at, values in found
        ]
        span = Span(min(span.start for span in spans), max(span.end for span in spans))
        return span, self._document.excerpt(span.start.line)

    def note_change(self, problems: Problems) -> None:
        """Does nothing: the rows are in memory."""

    def close(self) -> None:
        """Does nothing: no file is open."""

    def _line(self, at: KeyPath) -> int:
        return self._document.span(at).start.line
