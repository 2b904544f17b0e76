"""The wrong rows of the tables that were checked, each with all of its cells, for showing what is wrong in its place."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.row_errors import RowError, RowErrors
from sendspec.operations.send_job import Job
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.json_lines import JsonLinesTable
from sendspec.reading.tables.json_object import read_object
from sendspec.reading.tables.table import Table

MAX_ROWS = 1_000
"""Rows of a table that are read again: nobody looks at more."""
CELL_KEPT = 2_000
"""Characters of a cell: enough to mask what is in it."""


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row that begins on `line`; `sheet_row` is its number in a spreadsheet, where that is another.

    `cells` are those of the table's columns, and those that are too many. A row that can't be told into cells has none, and its `text`.
    """

    line: int
    sheet_row: int
    errors: tuple[RowError, ...]
    cells: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class WrongTable:
    """The wrong rows of one table: all of them by number, some of them in `rows`, in file order. `specs` are those that use it.

    `row_count` counts all rows, the right ones too.
    """

    path: str
    specs: tuple[str, ...]
    columns: tuple[str, ...]
    wrong_count: int
    rows: tuple[WrongRow, ...]
    row_count: int


def wrong_tables(jobs: Sequence[Job], errors: RowErrors, found: Sequence[Diagnostic]) -> list[WrongTable]:
    """The tables of these jobs that have wrong rows. A table of several specs is there once, with the errors under each of them."""
    jobs_by_path: dict[str, list[Job]] = {}
    for job in jobs:
        jobs_by_path.setdefault(job.table.path, []).append(job)
    tables = (_wrong_table(sharing, errors, found) for sharing in jobs_by_path.values())
    return [table for table in tables if table.wrong_count]


def _wrong_table(jobs: Sequence[Job], errors: RowErrors, found: Sequence[Diagnostic]) -> WrongTable:
    table = jobs[0].table
    specs = tuple(dict.fromkeys(job.spec.path for job in jobs))
    own = {table.path, *specs}
    by_line = {
        line: tuple(dict.fromkeys(rows))
        for line, rows in errors.by_line(own).items()
        if any(error.is_of_row for error in rows)
    }
    lines = _chosen(by_line, [each for each in found if each.path in own])
    rows = _rows(table, {line: by_line[line] for line in lines}, errors)
    return WrongTable(table.path, specs, tuple(_columns(table)), len(by_line), tuple(rows), _row_count(table, by_line))


def _row_count(table: Table, wrong: Collection[int]) -> int:
    """The rows that can be read, and the wrong ones that can't."""
    lines = [row.line for row in table.rows(Problems())] if wrong else []
    return len(lines) + len(set(wrong).difference(lines))


def _chosen(wrong: Collection[int], found: Sequence[Diagnostic]) -> list[int]:
    """The lines of the rows to show: of each fault the first row, then of each the second, and so on, then the others."""
    in_turn = chain.from_iterable(zip_longest(*(each.rows for each in found)))
    turns = dict.fromkeys(line for line in in_turn if line in wrong)
    return sorted([*dict.fromkeys([*turns, *sorted(wrong)])][:MAX_ROWS])


def _columns(table: Table) -> Iterator[str]:
    if not isinstance(table, CsvTable):
        yield from table.columns
        return
    header = table.raw_header().record
    if header is not None:
        yield from table.columns
        yield from ("" for _ in header.cells[table.marks + len(table.columns) :])


def _rows(table: Table, errors: Mapping[int, tuple[RowError, ...]], all_errors: RowErrors) -> Iterator[WrongRow]:
    lines = sorted(errors)
    if isinstance(table, CsvTable):
        sheet_rows = table.sheet_rows(lines)
        for raw in table.raw_records((line, all_errors.last_line(table.path, line)) for line in lines):
            at = raw.line, sheet_rows.get(raw.line, raw.line), errors[raw.line]
            if raw.record is None:
                yield WrongRow(*at, text=raw.text[:CELL_KEPT])
            else:
                yield WrongRow(*at, tuple(cell.text[:CELL_KEPT] for cell in raw.record.cells[table.marks :]))
    elif isinstance(table, JsonLinesTable):
        for line, text in table.texts(lines):
            values = read_object(text)
            if isinstance(values, Mapping):
                yield WrongRow(line, line, errors[line], _cells(table, values))
            else:
                yield WrongRow(line, line, errors[line], text=text[:CELL_KEPT])
    else:
        for row in table.rows(Problems()):  # in memory; rows on one line of the spec share their errors
            if row.line in errors:
                yield WrongRow(row.line, row.line, errors[row.line], _cells(table, row.values))


def _cells(table: Table, values: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(_text(values.get(column))[:CELL_KEPT] for column in table.columns)


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else json.dumps(value, ensure_ascii=False)
