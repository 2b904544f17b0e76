"""A row of a recipients' table, and what every kind of table can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from runner.reading.diagnostic import Problems
from runner.reading.place import Span


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
        return {name: cell for name, cell in zip(self.columns, self.held, strict=True) if cell}


class Table(Protocol):
    """Rows that can be read again and again, with the same result as long as `changed` is false."""

    @property
    def path(self) -> str:
        """The file as the user sees it: as typed, or as the spec writes it after the spec's own folder."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name that a row can have, in the order of the file."""

    def rows(self, problems: Problems) -> Iterator[Row]:
        """The rows, one at a time; those that can't be used are left out, and why is among `problems`."""

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        """The place of a cell in the row that begins on `line`, and the masked text of the line where it begins.

        The whole line, where `column` is None or the row has no such cell. Reads the file from its beginning.
        """

    def changed(self) -> bool:
        """True once the file is not the one that was opened."""

    def close(self) -> None:
        """Lets go of the file."""
