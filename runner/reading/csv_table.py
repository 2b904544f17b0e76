"""Recipients in a CSV or TSV file: strict, streamed, every cell text as it stands."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice

from runner.reading.csv_header import Header, quote_fault
from runner.reading.csv_record import CELL_MOST, QuoteTrouble, Record, read_record
from runner.reading.diagnostic import Problems
from runner.reading.held_file import HeldFile
from runner.reading.place import Position, Span, span_on_line
from runner.reading.row import Row
from runner.reading.swallowed import rows_swallowed
from runner.reading.table_change import note_change
from runner.reading.text_lines import LineFault, TextLines, excerpt, lines_from, on_line


class CsvTable:
    """A table whose header has been read. Empty cells count as missing; nothing else is read into a cell."""

    def __init__(self, path: str, file: HeldFile, delimiter: str, header: Header) -> None:
        self.path = path
        self.columns = header.columns
        self._file = file
        self._delimiter = delimiter
        self._header = header

    def rows(self, problems: Problems) -> Iterator[Row]:
        lines = TextLines(self._file)
        below = islice(iter(lines), self._header.last_line, None)
        reader = csv.reader(below, delimiter=self._delimiter, strict=True)
        judge = _Judge(self.path, lines, self._delimiter, len(self.columns), problems)
        new = tuple.__new__  # half the time of calling Row
        columns, width, faults, offset = self.columns, len(self.columns), lines.faults, self._header.last_line
        last = offset
        while True:
            try:
                for fields in reader:
                    line, last = last + 1, offset + reader.line_num
                    if (len(fields) != width or line != last or faults) and not judge.passes(line, last, fields):
                        continue
                    yield new(Row, (line, fields, columns))
                break
            except csv.Error:
                if not judge.quotes(last + 1, offset + reader.line_num):
                    break
                last = offset + reader.line_num
        note_change(self.path, self._file, problems)

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        taken: list[str] = []
        record = read_record(_remembering(lines_from(self._file, line), taken), line, self._delimiter)
        index = self.columns.index(column) if column in self.columns else len(record.cells)
        if index < len(record.cells):
            span = record.cells[index].span
            return span, excerpt(taken[span.start.line - line])
        text = taken[0].rstrip("\r\n") if taken else ""
        return span_on_line(line, 1, len(text)), excerpt(text)

    def changed(self) -> bool:
        return self._file.changed()

    def close(self) -> None:
        self._file.close()


class _Judge:
    """Looks closely at the records that aren't plainly sound: on several lines, uneven, unclean or badly quoted."""

    def __init__(self, path: str, lines: TextLines, delimiter: str, width: int, problems: Problems) -> None:
        self._path = path
        self._lines = lines
        self._delimiter = delimiter
        self._width = width
        self._problems = problems

    def passes(self, first: int, last: int, fields: list[str]) -> bool:
        """Whether the record on lines `first` to `last` is a row; what is wrong with it is noted."""
        if self._unclean(first, last) or not fields:
            return False
        if first != last and rows_swallowed(self._lines.between(first, last), self._delimiter, self._width):
            self._note(first, self._first_opening(first, last), 1, quote_fault(QuoteTrouble.UNCLOSED))
            return False
        if len(fields) != self._width:
            self._uneven(first, last, len(fields))
            return False
        return True

    def quotes(self, first: int, last: int) -> bool:
        """Notes why the record on lines `first` to `last` has no end. False when nothing sound can follow it."""
        if self._unclean(first, last):
            return True
        record = self._record(first, last)
        trouble, at = record.trouble or QuoteTrouble.TOO_LONG, record.at or Position(first, 1)
        lines = self._lines.between(first, last)
        endless = first != last and trouble is not QuoteTrouble.STRAY and sum(map(len, lines)) > CELL_MOST
        if endless:
            swallowed = rows_swallowed(lines, self._delimiter, self._width)
            trouble = QuoteTrouble.UNCLOSED if swallowed else QuoteTrouble.TOO_LONG
        self._note(first, at, 1, quote_fault(trouble))
        return trouble is not QuoteTrouble.TOO_LONG or not endless

    def _unclean(self, first: int, last: int) -> bool:
        found = [(line, fault) for line in range(first, last + 1) if (fault := self._lines.faults.pop(line, None))]
        for line, fault in found[:1]:
            self._note(first, Position(line, fault.column), 1, fault)
        return bool(found)

    def _uneven(self, first: int, last: int, count: int) -> None:
        cells = self._record(first, last).cells
        span = span_on_line(first, 1, len(self._lines.between(first, first)[0].rstrip("\r\n")))
        fix = "add what is missing; an empty cell is a delimiter with nothing before it"
        if count > self._width:
            span = cells[self._width].span
            fix = f"put quotes around a cell that has a '{self._delimiter}' in it, or remove what is too much"
        length = max(1, span.end.column - span.start.column) if span.end.line == span.start.line else 1
        problem = f"the row has {_counted(count)}, the header has {self._width}"
        self._note(first, span.start, length, LineFault("ragged-row", 1, problem, fix))

    def _first_opening(self, first: int, last: int) -> Position:
        cells = self._record(first, last).cells
        opened = next(cell.span.start for cell in cells if cell.span.start.line != cell.span.end.line)
        return Position(opened.line, opened.column - 1)

    def _record(self, first: int, last: int) -> Record:
        return read_record(self._lines.between(first, last), first, self._delimiter)

    def _note(self, row: int, at: Position, length: int, fault: LineFault) -> None:
        self._problems.add_row(
            (fault.code, self._path),
            row,
            lambda: on_line(self._path, at.line, self._lines.between(at.line, at.line)[0], at.column, length, fault),
        )


def _counted(fields: int) -> str:
    return f"{fields} field" if fields == 1 else f"{fields} fields"


def _remembering(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line
