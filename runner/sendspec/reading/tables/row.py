"""One row of a recipients' table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


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
