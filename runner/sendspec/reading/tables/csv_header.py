"""The header of a CSV: unique column names, and signs that the first record is no header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Position, span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, quoted
from sendspec.diagnostics.wording import counted, grouped
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.csv_record import Cell, QuoteTrouble, Record, read_record
from sendspec.reading.tables.line_problem import excerpt
from sendspec.reading.tables.text_lines import TextLines
from sendspec.reading.tables.unclosed_quote import header_swallowed, is_address

MAX_PLACED = 20
"""Columns without a name, and repeated names, that are each reported at their place; one problem counts the others."""
OTHER_DELIMITERS = {";": '";"', "\t": '"\\t"', "|": '"|"', ",": '","'}


@dataclass(frozen=True, slots=True)
class Header:
    """The column names, and the header's last line. `has_rows`: the file has more lines that aren't blank."""

    columns: tuple[str, ...]
    last_line: int
    has_rows: bool


def read_header(path: str, file: InputFile, delimiter: str, problems: Problems) -> Header | None:
    """The header of `file`; None if invalid, with the reasons added to `problems`. An empty file has no columns."""
    reading = _Reading(path, file, delimiter)
    record = reading.record()
    if record is None:
        return Header((), 0, has_rows=False)
    found = list(reading.problems(record))
    excerpts: dict[int, str] = {}  # a header's one line may have thousands of problems
    for line, text, start, length, fault in found:
        if line not in excerpts:
            excerpts[line] = excerpt(text)
        problems.add(fault.diagnostic(path, span_on_line(line, start, length), excerpt=excerpts[line]))
    if found:
        return None
    return Header(tuple(cell.text.strip() for cell in record.cells), reading.last, has_rows=reading.has_more())


_Place = tuple[int, str, int, int, Problem]
"""A problem's line, that line's text, the column, the length, and the problem."""


class _Reading:
    def __init__(self, path: str, file: InputFile, delimiter: str) -> None:
        self._source = TextLines(file)
        self._lines = iter(self._source)
        self._delimiter = delimiter
        self._taken: list[str] = []
        self._first = 1
        self.last = 0

    def record(self) -> Record | None:
        """The first record, blank lines skipped."""
        for line in self._lines:
            self.last += 1
            if line.strip("\r\n"):
                self._first = self.last
                self._taken = [line]
                return read_record(self._remembered(), self._first, self._delimiter)
        return None

    def has_more(self) -> bool:
        return any(line.strip("\r\n") for line in self._lines)

    def problems(self, record: Record) -> Iterator[_Place]:
        for line in range(self._first, self.last + 1):
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
            yield from self._column_problems(record.cells)

    def _remembered(self) -> Iterator[str]:
        yield self._taken[0]
        for line in self._lines:
            self.last += 1
            self._taken.append(line)
            yield line

    def _text(self, line: int) -> str:
        return self._taken[line - self._first]

    def _trouble(self, trouble: QuoteTrouble, at: Position) -> _Place:
        return (at.line, self._text(at.line), at.column, 1, quote_problem(trouble))

    def _column_problems(self, cells: tuple[Cell, ...]) -> Iterator[_Place]:
        if cells[0].text.startswith("sep="):
            yield self._at(cells[0], _spreadsheet_mark())
            return
        if len(cells) == 1 and (other := self._other_delimiter(cells[0].text)) is not None:
            yield self._at(cells[0], other)
            return
        address = next((cell for cell in cells if is_address(cell.text.strip())), None)
        if address is not None:
            yield self._at(address, _no_header(address.text))
            return
        numbers_by_name: dict[str, list[int]] = {}
        for number, cell in enumerate(cells, 1):
            numbers_by_name.setdefault(cell.text.strip(), []).append(number)
        nameless = numbers_by_name.pop("", [])
        for number in nameless[:MAX_PLACED]:
            yield self._at(cells[number - 1], _no_name(number, len(cells)))
        if len(nameless) > MAX_PLACED:
            yield self._at(cells[nameless[MAX_PLACED] - 1], _more_without_name(len(nameless) - MAX_PLACED, len(cells)))
        repeated = [(name, numbers) for name, numbers in numbers_by_name.items() if len(numbers) > 1]
        for name, numbers in repeated[:MAX_PLACED]:
            yield self._at(cells[numbers[1] - 1], _repeated(name, numbers))
        if len(repeated) > MAX_PLACED:
            _, numbers = repeated[MAX_PLACED]
            yield self._at(cells[numbers[1] - 1], _more_repeated(len(repeated) - MAX_PLACED))

    def _at(self, cell: Cell, fault: Problem) -> _Place:
        text = self._text(cell.span.start.line)
        start, end = cell.span.start.column, cell.span.end.column
        length = end - start if cell.span.end.line == cell.span.start.line else len(text.rstrip("\r\n")) + 1 - start
        return (cell.span.start.line, text, start, length, fault)

    def _other_delimiter(self, text: str) -> Problem | None:
        found = next((d for d in OTHER_DELIMITERS if d != self._delimiter and d in text), None)
        if found is None:
            return None
        shown = "a tab" if found == "\t" else f"'{found}'"
        return Problem(
            "table-delimiter",
            f"the header is one column, '{quoted(text[:60])}'; its names look separated by {shown}",
            f"set `delimiter: {OTHER_DELIMITERS[found]}` under recipients",
        )


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


def _spreadsheet_mark() -> Problem:
    return Problem(
        "table-delimiter",
        "the first line is a spreadsheet's own `sep=`, not the names of the columns",
        "remove the line, and set `delimiter:` under recipients if it isn't a comma",
    )


def _no_header(text: str) -> Problem:
    return Problem(
        "header-missing",
        f"the first line holds '{mask(text)}', so it looks like a row, not like the names of the columns",
        "put a line with the names above it, such as phone,first_name",
    )


def _no_name(number: int, count: int) -> Problem:
    last = number == count
    return Problem(
        "empty-column-name",
        f"column {number} of {count} has no name",
        "name it" + (", or remove the delimiter at the end of the line" if last else ""),
    )


def _more_without_name(others: int, count: int) -> Problem:
    return Problem(
        "empty-column-name",
        f"{counted(others, 'more column')} of {grouped(count)} {'has' if others == 1 else 'have'} no name, from this one on",
        "name them, or remove the delimiters at the end of the line",
    )


def _repeated(name: str, numbers: list[int]) -> Problem:
    first, second, *more = numbers
    problem = f"column {second} is called '{quoted(name)}', and so is column {first}"
    if not more:
        return Problem("repeated-column", problem, "rename one of them")
    return Problem("repeated-column", f"{problem}, and {grouped(len(more))} more", "rename them")


def _more_repeated(others: int) -> Problem:
    problem = f"{counted(others, 'more name')} {'is' if others == 1 else 'are'} repeated, from this column on"
    return Problem("repeated-column", problem, "give each column its own name")
