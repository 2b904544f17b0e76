"""Reads the addresses in one suppression file: a table, or text with one address a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.suppression_file import SuppressionFile
from sendspec.reading.tables.csv_header import read_header
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.delimiter import SPACES, first_lines, found_delimiter
from sendspec.reading.tables.file_format import DELIMITER_BY_EXTENSION, HEAD_BYTES, not_text, unknown_format
from sendspec.reading.tables.line_problem import LineProblem, line_diagnostic
from sendspec.reading.tables.table_change import note_change
from sendspec.reading.tables.text_lines import TextLines

PHONE, EMAIL = "phone", "email"
TEXT_EXTENSIONS = ("", ".txt")
_AROUND_ENTRIES = SPACES + "\r\n,;"
_ENTRY = "suppress-entry"
_BESIDE = lazy_pattern(r"[,;|\t]")


class SuppressionReader:
    """One pass over one file."""

    def __init__(
        self, file: SuppressionFile, opened: InputFile, column: str, country: str | None, problems: Problems
    ) -> None:
        self._file = file
        self._path = file.path
        self._opened = opened
        self._column = column
        self._country = country
        self._problems = problems

    def addresses(self) -> Iterator[str]:
        """The addresses, normalised. Invalid entries are added to the problems."""
        extension = PurePath(self._file.written).suffix.lower()
        is_table = extension in DELIMITER_BY_EXTENSION
        if not is_table and extension not in TEXT_EXTENSIONS:
            fault = replace(unknown_format(extension), fix="name a .csv, .tsv or .txt file")
            self._problems.add(self._file.diagnostic(fault))
            return
        wrong = not_text(self._opened.head(HEAD_BYTES))
        if wrong is not None:
            self._problems.add(wrong.diagnostic(self._path))
            return
        yield from self._of_table(DELIMITER_BY_EXTENSION[extension]) if is_table else self._of_text()

    def _of_text(self) -> Iterator[str]:
        """One address a line; blank lines, lines that begin with #, and a column's name above the addresses are skipped."""
        has_begun = False
        lines = TextLines(self._opened)
        for chunk in lines.chunks():
            for number, text in enumerate(lines.lines_of(chunk), chunk.first):
                fault = lines.problem_by_line.pop(number, None) if lines.problem_by_line else None
                if fault is not None:
                    self._note(number, text, fault)
                    continue
                entry = text.strip(_AROUND_ENTRIES)
                if not entry or entry[0] == "#":
                    continue
                is_header, has_begun = not has_begun and entry.lower() in (PHONE, EMAIL), True
                if is_header:
                    continue
                address = self._normalised(entry)
                if isinstance(address, Problem):
                    self._note(number, text, _entry_problem(self._more_than(entry) or address))
                else:
                    yield address
        note_change(self._path, self._opened, self._problems)

    def _note(self, line: int, text: str, fault: LineProblem) -> None:
        length = 1 if fault.code != _ENTRY else len(text.rstrip("\r\n"))
        self._problems.add_row(
            (fault.code, self._path, fault.fix),
            line,
            lambda: line_diagnostic(self._path, line, text, fault.column, length, fault),
        )

    def _more_than(self, entry: str) -> Problem | None:
        """The problem of a line with an address and more behind it; None for any other line."""
        address, more = _BESIDE.split(entry, maxsplit=1) if _BESIDE.search(entry) else (entry, "")
        if not more.strip(_AROUND_ENTRIES) or isinstance(self._normalised(address.strip(SPACES)), Problem):
            return None
        if not isinstance(self._normalised(more.strip(_AROUND_ENTRIES)), Problem):
            return Problem(_ENTRY, "the line holds several addresses", "write each on a line of its own")
        fix = f"remove what is behind the address, or save the list as a .csv file whose first line names its columns, one of them '{self._column}'"
        return Problem(_ENTRY, "the line holds more than an address", fix)

    def _of_table(self, delimiter: str) -> Iterator[str]:
        found = Problems()
        header = read_header(self._path, self._opened, found_delimiter(first_lines(self._opened), delimiter), found)
        for diagnostic in found:
            self._problems.add(_with_own_fix(diagnostic))
        if header is None or found.has_errors:
            return
        columns = self._columns_of(header.columns)
        if not columns:
            self._problems.add(_no_column(self._path, header.columns, self._column, by_spec=self._file.by_spec))
            return
        table = CsvTable(self._path, self._opened, header)
        others = [at for at, name in enumerate(header.columns) if name.lower() in (PHONE, EMAIL)]
        for block in table.blocks(self._problems):
            for line, cells in zip(*block.read, strict=True):
                entries = [(at, entry) for at in columns if (entry := cells[at].strip(SPACES))]
                if not entries and any(map(str.strip, cells)) and not any(cells[at].strip() for at in others):
                    self._note_cell(table, line, columns[0], _EMPTY)
                for at, entry in entries:
                    address = self._normalised(entry)
                    if isinstance(address, Problem):
                        self._note_cell(table, line, at, address)
                    else:
                        yield address

    def _columns_of(self, names: tuple[str, ...]) -> list[int]:
        """The indexes of the columns that hold addresses."""
        if len(names) == 1:
            return [0]
        wanted = (self._column,) if self._file.by_spec else (PHONE, EMAIL)
        return [at for at, name in enumerate(names) if name.lower() in wanted]

    def _note_cell(self, table: CsvTable, line: int, at: int, fault: Problem) -> None:
        def described() -> Diagnostic:
            span, excerpt = table.locate(line, table.columns[at])
            return _entry_problem(fault).diagnostic(self._path, span, excerpt=excerpt)

        self._problems.add_row((_ENTRY, self._path, fault.fix), line, described)

    def _normalised(self, entry: str) -> str | Problem:
        is_email = self._column == EMAIL if self._file.by_spec else "@" in entry
        return normalise_email(entry) if is_email else normalise_phone(entry, self._country)


_MEANT = {
    PHONE: lazy_pattern(r"phone|mobi|tel|gsm|cell|handy|msisdn|number|nummer", re.IGNORECASE),
    EMAIL: lazy_pattern(r"mail", re.IGNORECASE),
}
"""What a column of addresses may be called instead."""
_HELD = {PHONE: "phone numbers", EMAIL: "e-mail addresses"}
_EMPTY = Problem("phone-empty", "the row has none", "fill it in, or remove the row")


def _entry_problem(fault: Problem) -> LineProblem:
    about = "" if fault.code == _ENTRY else "the entry can't be read as an address: "
    fix = _EMPTY.fix if fault.code == _EMPTY.code else fault.fix
    return LineProblem(_ENTRY, f"{about}{fault.problem}", fix)


def _with_own_fix(diagnostic: Diagnostic) -> Diagnostic:
    """The usual fix names `delimiter:`, which a suppression list doesn't have."""
    if diagnostic.code != "table-delimiter":
        return diagnostic
    return replace(diagnostic, fix="save the list with commas between its cells, and with column names on line 1")


def _no_column(path: str, names: tuple[str, ...], wanted: str, *, by_spec: bool) -> Diagnostic:
    found = quoted(", ".join(names)) or "none"
    meant = [name for name in names if _MEANT[wanted].search(name)]
    other = EMAIL if wanted == PHONE else PHONE
    others = [name for name in names if _MEANT[other].search(name)]
    if by_spec and others and not meant:
        return Problem(
            "suppress-column",
            f"the list seems to hold {_HELD[other]}, in '{quoted(others[0])}', and this spec sends to {_HELD[wanted]}",
            f"name a list with a column '{wanted}', or remove this one from `suppress`",
        ).diagnostic(path)
    near = meant[0] if len(meant) == 1 else near_miss(wanted, names)
    column = "the column with the addresses" if near is None else f"the column '{quoted(near)}'"
    problem = Problem(
        "suppress-column",
        f"the list has no column '{wanted}'; columns found are: {found}",
        f"call {column} '{wanted}', or remove all other columns",
    )
    return problem.diagnostic(path)
