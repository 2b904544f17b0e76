"""Problems in a user's files, as data: collected one stage at a time, rendered in `showing`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.leaked_key import hide_credentials
from sendspec.diagnostics.position import Span

MAX_ROWS = 1_000
"""Rows listed in one diagnostic."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem at one place.

    `problem` says what is the case, quoting the value; `fix` begins with a verb. Credentials in its texts are masked. `excerpt` is the source line at
    `span.start`, already masked; empty if there is none. `note` is shown beside the underline, `also` below it. `rows` are
    the table's lines with the same problem (at most `MAX_ROWS`), `row_count` is their full number; `at_least`: there may be more.
    `key` is the place's path in a YAML file, such as `message.body.type`; `column` is the table's column whose cells are at fault. Each
    is empty if there is none. `mended_once`: the fix is one change at the place, whatever the number of rows; with `in_cells` too, changing
    the cells of these rows is another.
    """

    code: str
    path: str
    span: Span
    problem: str
    fix: str
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    note: str = ""
    also: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    row_count: int = 0
    at_least: bool = False
    key: str = ""
    column: str = ""
    mended_once: bool = False
    in_cells: bool = False

    @property
    def is_of_rows(self) -> bool:
        """Whether it is to be looked for in its rows."""
        return bool(self.rows) and (self.in_cells or not self.mended_once)

    def __post_init__(self) -> None:
        """Masks credentials, whoever quotes them from a file."""
        for name in ("problem", "fix", "note"):
            object.__setattr__(self, name, hide_credentials(getattr(self, name)))
        object.__setattr__(self, "also", tuple(map(hide_credentials, self.also)))


class Problems:
    """Collects the diagnostics of a stage. The same problem on many rows becomes one diagnostic with a count."""

    def __init__(self) -> None:
        self._single: list[Diagnostic] = []
        self._first_by_group: dict[Hashable, Diagnostic] = {}
        self._rows_by_group: dict[Hashable, list[int]] = {}
        self._count_by_group: dict[Hashable, int] = {}
        self._partial_paths: set[str] = set()
        self._first_error: Diagnostic | None = None

    def add(self, diagnostic: Diagnostic) -> None:
        self._single.append(diagnostic)
        self._note_error(diagnostic)

    def add_row(
        self, group: Hashable, line: int, describe: Callable[[], Diagnostic], *, last_line: int | None = None
    ) -> None:
        """Adds a row to the problem `group`; `describe` is called for the first row only.

        `last_line` is the row's, where its end is known.
        """
        rows = self._rows_by_group.get(group)
        if rows is None:
            first = self._first_by_group[group] = describe()
            self._rows_by_group[group] = [line]
            self._count_by_group[group] = 1
            self._note_error(first)
            return
        self.add_row_again(group, line)

    def add_row_again(self, group: Hashable, line: int) -> None:
        """Adds a row to a problem that has rows already."""
        self._count_by_group[group] += 1
        rows = self._rows_by_group[group]
        if len(rows) < MAX_ROWS:
            rows.append(line)

    def add_once(self, group: Hashable, describe: Callable[[], Diagnostic]) -> None:
        """Adds the problem `group` without rows, if it isn't there: it would be the same on every row."""
        if group not in self._first_by_group:
            first = self._first_by_group[group] = describe()
            self._rows_by_group[group] = []
            self._count_by_group[group] = 0
            self._note_error(first)

    def note_unseen(self, path: str) -> None:
        """Says that more rows than are counted may have the problems whose place is in the file at `path`."""
        self._partial_paths.add(path)

    def __iter__(self) -> Iterator[Diagnostic]:
        """All diagnostics, by path in order of first appearance, then by place."""
        grouped = (
            replace(
                first,
                rows=tuple(self._rows_by_group[group]),
                row_count=self._count_by_group[group],
                at_least=first.path in self._partial_paths and bool(self._rows_by_group[group]),
            )
            for group, first in self._first_by_group.items()
        )
        found = [*self._single, *grouped]
        order = {path: n for n, path in enumerate(dict.fromkeys(diagnostic.path for diagnostic in found))}
        return iter(sorted(found, key=lambda d: (order[d.path], d.span.start, d.severity)))

    @property
    def has_errors(self) -> bool:
        """Cheap enough to check after each row."""
        return self._first_error is not None

    @property
    def first_error(self) -> Diagnostic | None:
        """The error that was found first."""
        return self._first_error

    def _note_error(self, diagnostic: Diagnostic) -> None:
        if self._first_error is None and diagnostic.severity is Severity.ERROR:
            self._first_error = diagnostic
