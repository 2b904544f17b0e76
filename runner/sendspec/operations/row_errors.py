"""Problems that also keep every error of every row, in its row's own words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import replace

from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class RowError:
    """An error of one row. `column` is the one at fault, or empty. `is_of_row`: it can be mended in the row, not in the spec alone.

    `problem` and `fix` are empty where only the fault is known.
    """

    code: str
    path: str
    column: str
    problem: str
    fix: str
    is_of_row: bool = True


class RowErrors(Problems):
    """With `most_described`, only that many rows of each fault keep its words; the others keep its code, because words take time."""

    def __init__(self, most_described: int | None = None) -> None:
        super().__init__()
        self._most_described = most_described
        self._by_line: dict[int, list[RowError]] = {}
        self._last_by_first: dict[tuple[str, int], int] = {}
        self._bare_by_group: dict[Hashable, RowError | None] = {}

    def add_row(
        self, group: Hashable, line: int, describe: Callable[[], Diagnostic], *, last_line: int | None = None
    ) -> None:
        if self._most_described is not None and self._count_by_group.get(group, 0) >= self._most_described:
            super().add_row(group, line, describe, last_line=last_line)
            error = self._bare_by_group[group]
        else:
            found = describe()
            super().add_row(group, line, lambda: found, last_line=last_line)
            error = None
            if found.severity is Severity.ERROR:
                is_of_row = found.in_cells or not found.mended_once
                error = RowError(found.code, found.path, found.column, found.problem, found.fix, is_of_row)
            self._bare_by_group.setdefault(group, None if error is None else replace(error, problem="", fix=""))
        if error is None:
            return
        self._by_line.setdefault(line, []).append(error)
        if last_line is not None:
            place = error.path, line
            self._last_by_first[place] = max(last_line, self._last_by_first.get(place, 0))

    def by_line(self, paths: Collection[str]) -> dict[int, list[RowError]]:
        """The errors of a table's rows, by line: those that are placed in one of these files, the table itself or a spec that uses it."""
        return {line: mine for line, found in self._by_line.items() if (mine := [e for e in found if e.path in paths])}

    def last_line(self, path: str, first: int) -> int | None:
        """The last line of the row of the table at `path` that begins on line `first`, where the row is malformed."""
        return self._last_by_first.get((path, first))
