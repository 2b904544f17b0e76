"""Recipients in a CSV or TSV file: strict, streamed, every cell kept as text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import partial

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Position, Span, span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.diagnostics.wording import counted
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.block import Block, Read, block_of, rows_of
from sendspec.reading.tables.csv_header import Header, quote_problem
from sendspec.reading.tables.csv_record import MAX_CELL, QuoteTrouble, Record, read_record
from sendspec.reading.tables.delimiter import NAME_BY_DELIMITER, SPACES
from sendspec.reading.tables.file_format import HEAD_BYTES
from sendspec.reading.tables.line_problem import excerpt, line_diagnostic
from sendspec.reading.tables.raw_records import RawRecord, raw_records
from sendspec.reading.tables.rejects import unguarded
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table_change import note_change
from sendspec.reading.tables.text_lines import Chunk, LineFinder, TextLines
from sendspec.reading.tables.unclosed_quote import rows_swallowed

MAX_NAMED = 3
"""Columns that the problem of a short row names."""


class CsvTable:
    """A table whose header has been read. Empty cells count as missing; cells are not interpreted otherwise."""

    def __init__(self, path: str, file: InputFile, header: Header, delimiter_found: str = "") -> None:
        self.path = path
        self.columns = header.columns
        self.delimiter = header.delimiter
        self.delimiter_found = delimiter_found
        self.blank_rows = 0
        self._file = file
        self._finder = LineFinder(file)
        self._header = header

    def rows(self, problems: Problems) -> Iterator[Row]:
        return rows_of(self.blocks(problems))

    def blocks(self, problems: Problems) -> Iterator[Block]:
        reading = _Reading(self.path, self._file, self._header, problems)
        yield from reading.blocks()
        self.blank_rows = reading.blank_rows
        note_change(self.path, self._file, problems)

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        taken: list[str] = []
        record = read_record(_remembering(self._finder.lines_from(line), taken), line, self.delimiter)
        in_row = column is not None and column in self.columns
        index = self._header.marks + self.columns.index(str(column)) if in_row else len(record.cells)
        if index < len(record.cells):
            span = record.cells[index].span
            return span, excerpt(taken[span.start.line - line])
        text = taken[0].rstrip("\r\n") if taken else ""
        return span_on_line(line, 1, len(text)), excerpt(text)

    def raw_header(self) -> RawRecord:
        """The header's record as it is in the file."""
        place = (self._header.first_line, self._header.last_line)
        return next(raw_records(self._file, self.delimiter, [place]))

    def raw_records(self, last_by_first: Iterable[tuple[int, int | None]]) -> Iterator[RawRecord]:
        """The records that begin on these lines, in order, as they are in the file. See `raw_records.raw_records`."""
        return raw_records(self._file, self.delimiter, last_by_first)

    @property
    def has_marks(self) -> bool:
        """Whether it is a table of rejects."""
        return self._header.marks > 0

    @property
    def begins(self) -> bytes:
        """The file's first bytes."""
        return self._file.head(HEAD_BYTES)

    @property
    def has_legacy_encoding(self) -> bool:
        """Whether the file isn't UTF-8, and is read only to be checked."""
        return bool(self._file.legacy_encoding)

    def note_change(self, problems: Problems) -> None:
        """Adds an error if the file has changed since it was opened."""
        note_change(self.path, self._file, problems)

    def close(self) -> None:
        self._file.close()


class _Reading:
    """One pass over the rows, a chunk of the file at a time. In a chunk without quotes, every line is a record."""

    def __init__(self, path: str, file: InputFile, header: Header, problems: Problems) -> None:
        self.blank_rows = 0
        self._lines = TextLines(file)
        self._delimiter = header.delimiter
        self._columns = header.columns
        self._width = header.width
        self._marks = header.marks
        self._below = header.last_line
        self._checker = _RecordChecker(path, self._lines, header, problems)
        self._blank_starts = tuple(f"\n{character}" for character in {*SPACES, header.delimiter})
        self._chunks = self._lines.chunks()
        self._broken_off = False

    def blocks(self) -> Iterator[Block]:
        for whole in self._chunks:
            chunk = whole.below(self._below)
            if chunk is None:
                continue
            if b'"' in chunk.body or self._lines.problem_by_line:
                yield block_of(self._by_records(chunk), self._columns)
            else:
                lines = range(chunk.first, chunk.first + chunk.count)
                yield Block(lines, self._columns, partial(self._unquoted, lines, chunk))
            if self._broken_off:
                return

    def _unquoted(self, lines: range, chunk: Chunk) -> Read:
        """The rows of a chunk without quotes."""
        text = chunk.text
        return self._by_records(chunk) if text is None else self._by_lines(lines, text)

    def _by_lines(self, lines: range, text: str) -> Read:
        width = self._width
        records = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        rows = [line.split(self._delimiter) for line in records]
        if set(map(len, rows)) == {width} and max(map(len, records)) <= MAX_CELL and (width > 1 or "" not in records):
            if width == len(self._columns) and not self._may_have_blank(text):
                return lines, rows
        found: list[tuple[int, list[str]]] = []
        for line, record, cells in zip(lines, records, rows, strict=True):
            if len(record) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
                self._checker.accepts_end(line, line)
            elif record and not self._is_blank(cells) and (kept := self._kept(line, line, cells)) is not None:
                found.append((line, kept))
        return [line for line, _ in found], [cells for _, cells in found]

    def _may_have_blank(self, text: str) -> bool:
        """Whether some line begins with a delimiter or a space, as blank rows do."""
        return f"\n{text[0]}" in self._blank_starts or any(start in text for start in self._blank_starts)

    def _is_blank(self, cells: list[str]) -> bool:
        """Whether nothing is in the row; counts such rows."""
        content = (cells[self._marks :] or cells) if self._marks else cells
        blank = not content[0].strip(SPACES) and not any(cell.strip(SPACES) for cell in content)
        self.blank_rows += blank
        return blank

    def _kept(self, first: int, last: int, cells: list[str]) -> list[str] | None:
        """The cells of the columns; None for a record that is no valid row."""
        if len(cells) != self._width and not self._checker.passes(first, last, cells):
            return None
        return cells if self._width == len(self._columns) else self._checker.named_cells(first, cells)

    def _by_records(self, chunk: Chunk) -> Read:
        """The rows of the chunk, and of the chunks that its last record continues into."""
        offset = fed = last = chunk.first - 1

        def feed() -> Iterator[str]:
            nonlocal fed
            following: Chunk | None = chunk
            while following is not None:
                for line in self._lines.lines_of(following):
                    fed += 1
                    yield line
                following = None if last == fed else next(self._chunks, None)

        reader = csv.reader(feed(), delimiter=self._delimiter, strict=True)
        width, faults, checker = self._width, self._lines.problem_by_line, self._checker
        has_more = width > len(self._columns)
        lines: list[int] = []
        rows: list[list[str]] = []
        while True:
            try:
                for fields in reader:
                    line, last = last + 1, offset + reader.line_num
                    if fields and not faults and self._is_blank(fields):
                        continue
                    if (len(fields) == width and line == last and not faults) or checker.passes(line, last, fields):
                        if has_more and (fields := checker.named_cells(line, fields) or []) == []:
                            continue
                        lines.append(line)
                        rows.append(fields)
                return lines, rows
            except csv.Error:
                if not checker.accepts_end(last + 1, offset + reader.line_num):
                    self._broken_off = True
                    return lines, rows
                last = offset + reader.line_num


class _RecordChecker:
    """Examines suspicious records: multi-line, ragged, with forbidden characters, or badly quoted."""

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
            self._problems.add_row((nameless.code, self._path), first, lambda: nameless)
            return None
        return list(map(unguarded, cells[marks:end])) if marks else cells[:end]

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
            self._note((first, last), Position(line, fault.column), 1, fault)
        return bool(found)

    def _note_ragged(self, first: int, last: int, count: int) -> None:
        cells = self._record(first, last).cells
        span = span_on_line(first, 1, len(self._lines.between(first, first)[0].rstrip("\r\n")))
        marks = min(self._header.marks, count)
        missing = self._header.columns[count - marks :]
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
        self._note((first, last), span.start, length, Problem("ragged-row", problem, fix))

    def _first_opening(self, first: int, last: int) -> Position:
        cells = self._record(first, last).cells
        opened = next(cell.span.start for cell in cells if cell.span.start.line != cell.span.end.line)
        return Position(opened.line, opened.column - 1)

    def _record(self, first: int, last: int) -> Record:
        return read_record(self._lines.between(first, last), first, self._delimiter)

    def _note(self, lines: tuple[int, int], at: Position, length: int, fault: Problem) -> None:
        """Reports a fault of the record on `lines`, the first and the last."""
        self._problems.add_row(
            (fault.code, self._path),
            lines[0],
            lambda: line_diagnostic(
                self._path, at.line, self._lines.between(at.line, at.line)[0], at.column, length, fault
            ),
            last_line=lines[1],
        )


def _times(delimiter: str, count: int) -> str:
    name = NAME_BY_DELIMITER.get(delimiter, f"'{delimiter}'")
    return name if count == 1 else f"{name} {count} times"


def _remembering(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line
