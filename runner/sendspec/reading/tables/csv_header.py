"""The header of a CSV: unique column names, and signs that the first record is no header."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import Position, span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, quoted
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.column_name import (
    before_end,
    clean_name,
    column_names,
    filled_without_name,
    more_repeated,
    more_without_name,
    names_with_no_break,
    no_name,
    repeated,
    spaced_names,
)
from sendspec.reading.tables.csv_record import Cell, QuoteTrouble, Record, read_record
from sendspec.reading.tables.delimiter import (
    NAME_BY_DELIMITER,
    SPREADSHEET_MARK,
    first_lines,
    is_blank,
    marked_delimiter,
    other_delimiter,
)
from sendspec.reading.tables.line_problem import excerpt
from sendspec.reading.tables.psql_output import psql_table
from sendspec.reading.tables.rejects import MARKS, unguarded
from sendspec.reading.tables.text_lines import TextLines
from sendspec.reading.tables.unclosed_quote import header_swallowed, is_address

MAX_SHOWN = 60
"""Characters of a header that a problem repeats."""
MAX_PLACED = 20
"""Columns without a name, and repeated names, that are each reported at their place; one problem counts the others."""
WRITTEN_DELIMITERS = {";": '";"', "\t": '"\\t"', "|": '"|"', ",": '","'}
_OF_NAMES = frozenset({"empty-column-name", "repeated-column"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The column names, and the header's last line. `has_rows`: the file has more lines that aren't blank; if not, it has
    `blank_rows` of nothing but delimiters and spaces.

    A record has `width` cells: `marks` cells that are no recipient's (see `rejects`), then one for each column, then those of columns
    without a name at the end, which have to be empty. `nameless` is the place of the first, with the problem of a row where one isn't empty, but for what it holds.
    """

    columns: tuple[str, ...]
    first_line: int = 1
    last_line: int
    has_rows: bool
    blank_rows: int = 0
    delimiter: str
    width: int
    marks: int = 0
    nameless: Diagnostic | None = None

    @property
    def content_width(self) -> int:
        """The cells of a record but the marks."""
        return self.width - self.marks


def read_header(path: str, file: InputFile, delimiter: str, problems: Problems) -> Header | None:
    """The header of `file`; None if it can't be read, with the reasons added to `problems`. An empty file has no columns.

    If only the delimiter or single names are wrong, the header is as it was probably meant, so that the rows can be checked too.
    """
    lines = first_lines(file)
    printed = psql_table(lines)
    if printed is not None:
        problems.add(
            printed.diagnostic(path, span_on_line(1, 1, len(lines[0].rstrip()) or 1), excerpt=excerpt(lines[0]))
        )
        return None
    marked = marked_delimiter(lines[0]) if lines else None
    other = marked if marked not in (None, delimiter) else other_delimiter(lines, delimiter)
    if marked is None and lines and lines[0].startswith(SPREADSHEET_MARK):
        other = None
    reading = _Reading(path, file, other or delimiter)
    record = reading.record()
    if record is None:
        return Header(columns=(), last_line=0, has_rows=False, delimiter=delimiter, width=0)
    if other is not None:
        problems.add(reading.wrong_delimiter(lines[0], is_mark=marked is not None))
    return reading.header(record, problems)


_Place = tuple[int, str, int, int, Problem]
"""A problem's line, that line's text, the column, the length, and the problem."""


class _Reading:
    def __init__(self, path: str, file: InputFile, delimiter: str) -> None:
        self._path = path
        self._source = TextLines(file)
        self._lines = iter(self._source)
        self._delimiter = delimiter
        self._taken: list[str] = []
        self._first = 1
        self._last = 0

    def record(self) -> Record | None:
        """The first record. Blank lines, and a spreadsheet's mark, are skipped."""
        for line in self._lines:
            self._last += 1
            if marked_delimiter(line) == self._delimiter or is_blank(line, self._delimiter):
                continue
            self._first = self._last
            self._taken = [line]
            return read_record(self._remembered(), self._first, self._delimiter)
        return None

    def header(self, record: Record, problems: Problems) -> Header | None:
        marks = len(MARKS) if tuple(cell.text for cell in record.cells[: len(MARKS)]) == MARKS else 0
        cells = record.cells[marks:]
        found = list(self.problems(record, cells))
        excerpts: dict[int, str] = {}  # a header's one line may have thousands of problems
        nameless = sum(fault.code == "empty-column-name" for *_, fault in found)
        for line, text, start, length, fault in found:
            if line not in excerpts:
                excerpts[line] = excerpt(text)
            unused = fault.code == "empty-column-name" and nameless <= MAX_PLACED
            problems.add(self._diagnostic(line, start, length, fault, excerpts[line], is_warning=unused))
        if not all(fault.code in _OF_NAMES for *_, fault in found):
            return None
        names = column_names([unguarded(cell.text) if marks else cell.text for cell in cells])
        self._warn_of_spaces(cells, problems)
        behind = None
        if len(names) < len(cells):
            line, text, start, length, fault = self._at(
                cells[len(names)], filled_without_name({len(names) + 1: ""}, len(cells))
            )
            behind = self._diagnostic(line, start, length, fault, excerpt(text))
        has_rows, blank_rows = self._below()
        return Header(
            columns=names,
            first_line=self._first,
            last_line=self._last,
            has_rows=has_rows,
            blank_rows=blank_rows,
            delimiter=self._delimiter,
            width=len(record.cells),
            marks=marks,
            nameless=behind,
        )

    def _below(self) -> tuple[bool, int]:
        """Whether a line below the header isn't blank, and how many are blank but not empty before that."""
        blank = 0
        for line in self._lines:
            if not is_blank(line, self._delimiter):
                return True, blank
            blank += bool(line.strip("\r\n"))
        return False, blank

    def wrong_delimiter(self, first: str, *, is_mark: bool) -> Diagnostic:
        fault = _spreadsheet_mark(self._delimiter) if is_mark else _wrong_delimiter(first, self._delimiter)
        line = 1 if is_mark else self._first
        return self._diagnostic(line, 1, len(first), fault, excerpt(first))

    def problems(self, record: Record, cells: tuple[Cell, ...]) -> Iterator[_Place]:
        for line in range(self._first, self._last + 1):
            found = self._source.problem_by_line.get(line)
            if found is not None:
                yield (line, self._text(line), found.column, 1, found)
                return
        if record.trouble is not None and record.at is not None:
            yield self._trouble(record.trouble, record.at)
        elif len(self._taken) > 1 and header_swallowed(self._taken, self._delimiter):
            opening = next(cell.span.start for cell in record.cells if cell.span.start.line != cell.span.end.line)
            yield self._trouble(QuoteTrouble.UNCLOSED, Position(opening.line, opening.column - 1))
        else:
            yield from self._column_problems(cells)

    def _diagnostic(
        self, line: int, start: int, length: int, fault: Problem, shown: str, *, is_warning: bool = False
    ) -> Diagnostic:
        severity = Severity.WARNING if is_warning or fault.code == "column-spaces" else Severity.ERROR
        return fault.diagnostic(self._path, span_on_line(line, start, length), severity=severity, excerpt=shown)

    def _warn_of_spaces(self, cells: tuple[Cell, ...], problems: Problems) -> None:
        names = [(cell, clean_name(cell.text)) for cell in cells]
        no_break = [(cell, name) for cell, name in names if len(name) == len(cell.text) and name != cell.text]
        around = [(cell, name) for cell, name in names if len(name) != len(cell.text)]
        for found, described in ((around, spaced_names), (no_break, names_with_no_break)):
            if found:
                line, text, start, length, fault = self._at(found[0][0], described([cell.text for cell, _ in found]))
                if found[-1][0].span.end.line == line:
                    length = found[-1][0].span.end.column - start
                problems.add(self._diagnostic(line, start, length, fault, excerpt(text)))

    def _remembered(self) -> Iterator[str]:
        yield self._taken[0]
        for line in self._lines:
            self._last += 1
            self._taken.append(line)
            yield line

    def _text(self, line: int) -> str:
        return self._taken[line - self._first]

    def _trouble(self, trouble: QuoteTrouble, at: Position) -> _Place:
        return (at.line, self._text(at.line), at.column, 1, quote_problem(trouble))

    def _column_problems(self, cells: tuple[Cell, ...]) -> Iterator[_Place]:
        if cells[0].text.startswith(SPREADSHEET_MARK):
            yield self._at(cells[0], _spreadsheet_mark(None))
            return
        address = next((cell for cell in cells if is_address(cell.text.strip())), None)
        if address is not None:
            yield self._at(address, _no_header(address.text))
            return
        numbers_by_name: dict[str, list[int]] = {}
        for number, cell in enumerate(cells, 1):
            numbers_by_name.setdefault(clean_name(cell.text), []).append(number)
        nameless = before_end(numbers_by_name.pop("", []), len(cells))
        for number in nameless[:MAX_PLACED]:
            yield self._at(cells[number - 1], no_name(number, len(cells)))
        if len(nameless) > MAX_PLACED:
            yield self._at(cells[nameless[MAX_PLACED] - 1], more_without_name(len(nameless) - MAX_PLACED, len(cells)))
        several = [(name, numbers) for name, numbers in numbers_by_name.items() if len(numbers) > 1]
        for name, numbers in several[:MAX_PLACED]:
            yield self._at(cells[numbers[1] - 1], repeated(name, numbers))
        if len(several) > MAX_PLACED:
            _, numbers = several[MAX_PLACED]
            yield self._at(cells[numbers[1] - 1], more_repeated(len(several) - MAX_PLACED))

    def _at(self, cell: Cell, fault: Problem) -> _Place:
        text = self._text(cell.span.start.line)
        start, end = cell.span.start.column, cell.span.end.column
        length = end - start if cell.span.end.line == cell.span.start.line else len(text.rstrip("\r\n")) + 1 - start
        return (cell.span.start.line, text, start, length, fault)


def quote_problem(trouble: QuoteTrouble) -> Problem:
    """The problem with a quote, in a header or a row."""
    match trouble:
        case QuoteTrouble.UNCLOSED:
            problem = (
                "the quote that opens here is not closed in this row, so the rows below would become part of its cell"
            )
            return Problem(trouble.value, problem, "close the quote, or remove it")
        case QuoteTrouble.STRAY:
            problem = "there is text after the closing quote of this cell"
            return Problem(trouble.value, problem, 'write a quote inside a quoted cell twice: "5"" pipe"')
        case QuoteTrouble.TOO_LONG:
            problem = "the cell is longer than 128 KB"
            return Problem(trouble.value, problem, "shorten it, or close a quote that was left open")


def _wrong_delimiter(first: str, delimiter: str) -> Problem:
    shown = first[:MAX_SHOWN]
    if len(first) > MAX_SHOWN:
        shown = (shown.rpartition(delimiter)[0] or shown) + f"{delimiter}…"  # whole names
    return Problem(
        "table-delimiter",
        f"the first line, '{quoted(shown)}', looks separated by {NAME_BY_DELIMITER.get(delimiter, delimiter)}",
        f"set `delimiter: {WRITTEN_DELIMITERS[delimiter]}` under recipients, or `delimiter: auto`",
    )


def _spreadsheet_mark(delimiter: str | None) -> Problem:
    written = "" if delimiter is None else f" {WRITTEN_DELIMITERS.get(delimiter, repr(delimiter))}"
    return Problem(
        "table-delimiter",
        "the first line is a spreadsheet's own `sep=`, which says how the cells are separated",
        f"set `delimiter: auto` under recipients, or remove the line and set `delimiter:{written}`",
    )


def _no_header(text: str) -> Problem:
    return Problem(
        "header-missing",
        f"the first line holds '{mask(text)}', so it looks like a row, not like the names of the columns",
        "put a line with the names above it, such as phone,first_name",
    )
