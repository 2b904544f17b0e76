"""The interface of every kind of recipients' table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span
from sendspec.reading.tables.block import Block
from sendspec.reading.tables.row import Row


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
