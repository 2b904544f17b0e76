"""One row of a recipients' table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One recipient. `line` is the row's first line in its file, counted from 1.

    `content` is a mapping of the row's values by column, without nulls. With `columns` it is a cell for each of them instead,
    empty if missing.
    """

    line: int
    content: Any
    columns: tuple[str, ...] | None = None

    @property
    def values(self) -> Mapping[str, object]:
        """The row's values by column, without empty cells and nulls."""
        if self.columns is None:
            named: Mapping[str, object] = self.content
            return named
        return named_cells(self.columns, self.content)


def named_cells(columns: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    """The cells by column name, without empty ones."""
    return {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
