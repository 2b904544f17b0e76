"""Writes the rows of a table that are wrong to a file of their own, with what is wrong with each and how to fix it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.output_file import check_writable, write_pieces
from sendspec.operations.row_errors import RowError, RowErrors
from sendspec.operations.send_job import Job
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.files.text_file import open_regular
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.opening import STANDARD_INPUT
from sendspec.reading.tables.raw_records import RawRecord
from sendspec.reading.tables.rejects import MARKS, reject_line
from sendspec.reading.tables.text_lines import BOM

BEGINNING = 1 << 16
"""A table of rejects has the names of its own columns within its first bytes."""


def check_rejects_place(path: Path) -> None:
    """Raises `FileUnwritable` if no rejects can be written, or if they would replace a file of another kind."""
    check_writable(path)
    with suppress(OSError), os.fdopen(open_regular(str(path)), "rb") as file:
        begun = file.read(BEGINNING)
        if begun.strip() and not all(mark.encode() in begun for mark in MARKS):
            shown = printable(str(path))
            raise FileUnwritable(
                str(path),
                f"'{shown}' exists already, and is not a table of rejects",
                "name another file for the rejects",
            )


def write_rejects(path: Path, jobs: Sequence[Job], errors: RowErrors) -> int | None:
    """Writes the rejected rows of the only job to `path`; returns how many there are. None: there is no table to read them from.

    Raises `WrongUsage` and `FileUnwritable`.
    """
    if not jobs:
        return None
    (job,) = jobs
    table = job.table
    if not isinstance(table, CsvTable):
        raise WrongUsage("--rejects needs recipients in a .csv or .tsv file", "write them as one", option="--rejects")
    if table.path != STANDARD_INPUT and path.exists() and path.samefile(table.path):
        fix = "name another file for the rejects"
        raise FileUnwritable(str(path), f"'{printable(str(path))}' is the table that is checked", fix)
    rows = errors.by_line({table.path, job.spec.path})
    places = [(line, errors.last_line(table.path, line)) for line in sorted(rows)]
    write_pieces(path, _pieces(table, rows, places), private=True)
    return len(rows)


def _pieces(
    table: CsvTable, errors: dict[int, list[RowError]], places: Sequence[tuple[int, int | None]]
) -> Iterator[bytes]:
    head = table.begins
    line_end = "\r\n" if b"\r\n" in head else "\n"
    header = table.raw_header()
    yield BOM if head.startswith(BOM) or table.has_legacy_encoding else b""
    yield _encoded(_line(table, header, MARKS) + line_end)
    for raw in table.raw_records(places):
        found = errors[raw.line]
        columns = ", ".join(dict.fromkeys(error.column for error in found if error.column))
        problems = "; ".join(dict.fromkeys(error.problem for error in found))
        fixes = "; ".join(dict.fromkeys(error.fix for error in found))
        yield _encoded(_line(table, raw, (str(raw.line), columns, problems, fixes)) + line_end)


def _line(table: CsvTable, raw: RawRecord, added: Sequence[str]) -> str:
    return reject_line(raw.record, raw.text, table.delimiter, has_marks=table.has_marks, added=added)


def _encoded(text: str) -> bytes:
    """The bytes of the table's text, also of what isn't UTF-8 in it."""
    return text.encode("utf-8", "surrogateescape")
