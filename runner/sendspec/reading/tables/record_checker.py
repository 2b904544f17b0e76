"""Examines the records of a CSV table that may be no valid rows, and reports what is wrong with them."""

from __future__ import annotations

from dataclasses import replace

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.position import Position, span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.diagnostics.wording import counted
from sendspec.reading.tables.column_name import filled_without_name
from sendspec.reading.tables.csv_header import Header, quote_problem
from sendspec.reading.tables.csv_record import MAX_CELL, QuoteTrouble, Record, read_record
from sendspec.reading.tables.delimiter import NAME_BY_DELIMITER, SPACES
from sendspec.reading.tables.line_problem import line_diagnostic
from sendspec.reading.tables.psql_output import row_count
from sendspec.reading.tables.rejects import unguarded
from sendspec.reading.tables.text_lines import TextLines
from sendspec.reading.tables.unclosed_quote import rows_swallowed

MAX_NAMED = 3
"""Columns that the problem of a short row names."""


class RecordChecker:
    """For records of several lines, ragged ones, and ones with forbidden characters or stray quotes."""

    def __init__(self, path: str, lines: TextLines, header: Header, problems: Problems) -> None:
        self._path = path
        self._lines = lines
        self._header = header
        self._delimiter = header.delimiter
        self._width = header.width
        self._problems = problems

    def passes(self, first: int, last: int, fields: list[str]) -> bool:
        """Whether the record on lines `first` to `last` is a valid row; reports its problems."""
        if self._note_unclean(first, last) or not fields:
            return False
        if first != last and rows_swallowed(self._lines.between(first, last), self._delimiter, self._width):
            self._note((first, last), self._first_opening(first, last), 1, quote_problem(QuoteTrouble.UNCLOSED))
            return False
        if len(fields) != self._width:
            self._note_ragged(first, last, len(fields))
            return False
        return True

    def named_cells(self, first: int, cells: list[str]) -> list[str] | None:
        """The cells of the columns; None if a column without a name holds something, which is reported."""
        nameless, marks = self._header.nameless, self._header.marks
        end = marks + len(self._header.columns)
        if nameless is not None and any(cell.strip(SPACES) for cell in cells[end:]):
            self._problems.add_row((nameless.code, self._path), first, lambda: self._told(nameless, cells))
            return None
        return list(map(unguarded, cells[marks:end])) if marks else cells[:end]

    def _told(self, nameless: Diagnostic, cells: list[str]) -> Diagnostic:
        """The problem of the cells of columns without a name."""
        named = len(self._header.columns)
        behind = enumerate(cells[self._header.marks + named :], named + 1)
        found = filled_without_name({number: text for number, text in behind if text.strip(SPACES)}, self._width)
        return replace(nameless, problem=found.problem, fix=found.fix)

    def accepts_end(self, first: int, last: int) -> bool:
        """Reports an unclosed quote or an overlong cell on lines `first` to `last`. False: no later record can be trusted."""
        if self._note_unclean(first, last):
            return True
        record = self._record(first, last)
        trouble, at = record.trouble or QuoteTrouble.TOO_LONG, record.at or Position(first, 1)
        lines = self._lines.between(first, last)
        endless = first != last and trouble is not QuoteTrouble.STRAY and sum(map(len, lines)) > MAX_CELL
        if endless:
            swallowed = rows_swallowed(lines, self._delimiter, self._width)
            trouble = QuoteTrouble.UNCLOSED if swallowed else QuoteTrouble.TOO_LONG
        self._note((first, last), at, 1, quote_problem(trouble))
        return trouble is not QuoteTrouble.TOO_LONG or not endless

    def _note_unclean(self, first: int, last: int) -> bool:
        found = [
            (line, fault) for line in range(first, last + 1) if (fault := self._lines.problem_by_line.pop(line, None))
        ]
        for line, fault in found[:1]:
            group = (
                fault.problem if fault.code == "forbidden-character" else ""
            )  # each of these is told by its code point
            self._note((first, last), Position(line, fault.column), 1, fault, group)
        return bool(found)

    def _note_ragged(self, first: int, last: int, count: int) -> None:
        cells = self._record(first, last).cells
        span = span_on_line(first, 1, len(self._lines.between(first, first)[0].rstrip("\r\n")))
        marks = min(self._header.marks, count)
        missing = self._header.columns[count - marks :]
        leftover = row_count(self._lines.between(first, first)[0])
        if leftover is not None:
            self._note((first, last), span.start, max(1, span.end.column - span.start.column), leftover)
            return
        fix = f"add what is missing; where there is nothing, write {_times(self._delimiter, self._width - count)} at the end of the row"
        if count > self._width:
            first_extra = self._width
            span = cells[first_extra].span
            empty = [not cell.text.strip(SPACES) for cell in cells]
            if not all(empty[first_extra:]):
                fix = f"put quotes around a cell that has a '{self._delimiter}' in it, or remove the extra cells"
            elif any(empty[self._header.marks : first_extra]):
                fix = "remove the delimiters that are too many: at its end, or of an empty cell further left"
            else:
                fix = "remove the extra delimiters at its end"
        length = max(1, span.end.column - span.start.column) if span.end.line == span.start.line else 1
        problem = f"the row has {counted(count - marks, 'cell')}, the header has {self._header.content_width}"
        if count < self._width and missing:
            named = ", ".join(f"'{quoted(name)}'" for name in missing[:MAX_NAMED]) + ", …" * (len(missing) > MAX_NAMED)
            problem += f": there is none for {named}"
        group = fix if count > self._width else ""  # rows too short are one fault, however much they lack
        self._note((first, last), span.start, length, Problem("ragged-row", problem, fix), group)

    def _first_opening(self, first: int, last: int) -> Position:
        cells = self._record(first, last).cells
        opened = next(cell.span.start for cell in cells if cell.span.start.line != cell.span.end.line)
        return Position(opened.line, opened.column - 1)

    def _record(self, first: int, last: int) -> Record:
        return read_record(self._lines.between(first, last), first, self._delimiter)

    def _note(self, lines: tuple[int, int], at: Position, length: int, fault: Problem, group: str = "") -> None:
        """Reports a fault of the record on `lines`, the first and the last, together with those of its code and `group`."""
        self._problems.add_row(
            (fault.code, self._path, group),
            lines[0],
            lambda: line_diagnostic(
                self._path, at.line, self._lines.between(at.line, at.line)[0], at.column, length, fault
            ),
            last_line=lines[1],
        )


def _times(delimiter: str, count: int) -> str:
    name = NAME_BY_DELIMITER.get(delimiter, f"'{delimiter}'")
    return name if count == 1 else f"{name} {count} times"
