"""Recipients in a CSV or TSV file: strict, streamed, every cell kept as text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span, span_on_line
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.block import Block, Read, block_of, rows_of
from sendspec.reading.tables.csv_header import Header
from sendspec.reading.tables.csv_record import MAX_CELL, read_record
from sendspec.reading.tables.delimiter import SPACES
from sendspec.reading.tables.file_format import HEAD_BYTES
from sendspec.reading.tables.line_problem import excerpt
from sendspec.reading.tables.raw_records import RawRecord, raw_records, sheet_rows
from sendspec.reading.tables.record_checker import RecordChecker
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.space_cells import SpaceCells, emptied
from sendspec.reading.tables.table_change import note_change
from sendspec.reading.tables.text_lines import Chunk, LineFinder, TextLines

LONG_CELL = 64
"""Characters of the average cell from which on looking at the first of each takes less time than looking at all."""


class CsvTable:
    """A table whose header has been read. Cells that are empty, or hold only spaces, count as missing; others are taken as they are."""

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

    def blocks(self, problems: Problems, *, compared: bool = True) -> Iterator[Block]:
        reading = CsvReading(self.path, self._file, self._header, problems, compared=compared)
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

    def sheet_rows(self, lines: Iterable[int]) -> dict[int, int]:
        """See `raw_records.sheet_rows`."""
        return sheet_rows(self._file, self.delimiter, lines)

    @property
    def marks(self) -> int:
        """How many cells of a record come before those of the columns."""
        return self._header.marks

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


class CsvReading:
    """One pass over the rows, a chunk of the file at a time. In a chunk without quotes, every line is a record."""

    def __init__(
        self, path: str, file: InputFile, header: Header, problems: Problems, *, compared: bool = True
    ) -> None:
        self.blank_rows = 0
        self._lines = TextLines(file, compared=compared)
        self._delimiter = header.delimiter
        self._columns = header.columns
        self._width = header.width
        self._marks = header.marks
        self._below = header.last_line
        self._checker = RecordChecker(path, self._lines, header, problems)
        self._blank_cell_starts = {"", *SPACES}
        self._blank_starts = {*SPACES, header.delimiter}
        self._space_cells = SpaceCells(header.delimiter)
        self._chunks = self._lines.chunks()
        self._broken_off = False

    def blocks(self) -> Iterator[Block]:
        for whole in self._chunks:
            chunk = whole.below(self._below)
            if chunk is None:
                continue
            if b'"' in chunk.body or self._lines.problem_by_line:
                yield self.quoted_block(whole, chunk)
            else:
                lines = range(chunk.first, chunk.first + chunk.count)
                yield Block(lines, self._columns, partial(self._unquoted, lines, chunk))
            if self._broken_off:
                return

    def quoted_block(self, whole: Chunk, chunk: Chunk) -> Block:
        """The records of a chunk with quotes, as the `csv` module reads them. `chunk` is the part of `whole` below the header.

        The next chunk begins with the record that this one leaves open, or whose quotes are in trouble. Records are read one by one
        where the first of them is such a record, and where any of them may be no valid row.
        """
        if chunk.text is None or self._lines.problem_by_line or self._width == 1 or self._width != len(self._columns):
            return block_of(self.by_records(chunk), self._columns)
        lines, begin = self._lines.lines_of(chunk), chunk.first
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        starts, rows = [begin], []
        try:
            for cells in reader:
                rows.append(cells)
                starts.append(begin + reader.line_num)
        except csv.Error:
            if not rows:
                return block_of(self.by_records(chunk), self._columns)
            chunk = self._cut(whole, chunk, starts[-1] - begin)
        end = starts.pop()
        has_lines_inside = end - begin > len(rows)
        if self._need_closer_look(rows) or (has_lines_inside and self._may_be_swallowed(lines, starts, end)):
            return block_of(self.by_records(chunk), self._columns)
        rows = emptied(rows) if self._space_cells.are_in(chunk.body) else rows
        return block_of((starts if has_lines_inside else range(begin, end), rows), self._columns)

    def _cut(self, whole: Chunk, chunk: Chunk, lines: int) -> Chunk:
        """So many lines of `chunk`; the next chunk begins with the others."""
        rest = len(chunk.body.split(b"\n", lines)[lines])
        head = self._lines.cut_last(len(whole.body) - rest)
        return head if whole is chunk else Chunk(chunk.first, chunk.body[: len(chunk.body) - rest])

    def _need_closer_look(self, rows: list[list[str]]) -> bool:
        """Whether some record has another number of cells than the header, or may be blank."""
        if set(map(len, rows)) != {self._width}:
            return True
        return not self._blank_cell_starts.isdisjoint({cells[0][:1] for cells in rows})

    def _may_be_swallowed(self, lines: list[str], starts: Sequence[int], end: int) -> bool:
        """Whether a line inside a record has as many delimiters as a row of its own would have. `lines` begin with the first record."""
        delimiter, count = self._delimiter, self._width - 1
        numbers = range(starts[0], end)
        alike = {number for number, line in zip(numbers, lines, strict=False) if line.count(delimiter) == count}
        return not alike.issubset(starts)

    def _unquoted(self, lines: range, chunk: Chunk) -> Read:
        """The rows of a chunk without quotes."""
        text = chunk.text
        if text is None:
            return self.by_records(chunk)
        return self._by_lines(lines, text, chunk.body)

    def _by_lines(self, lines: range, text: str, body: bytes) -> Read:
        width = self._width
        records = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        rows = [line.split(self._delimiter) for line in records]
        has_long_cells = len(text) > LONG_CELL * width * len(rows)
        has_spaces = self._space_cells.are_among(rows) if has_long_cells else self._space_cells.are_in(body)
        if set(map(len, rows)) == {width} and max(map(len, records)) <= MAX_CELL and (width > 1 or "" not in records):
            if width == len(self._columns) and not self._may_have_blank(records):
                return lines, emptied(rows) if has_spaces else rows
        has_spaces = has_spaces or self._may_have_blank(records)
        found: list[tuple[int, list[str]]] = []
        for line, record, cells in zip(lines, records, rows, strict=True):
            if len(record) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
                self._checker.accepts_end(line, line)
            elif record and not self._is_blank(cells) and (kept := self._kept(line, line, cells)) is not None:
                found.append((line, kept))
        kept_rows = [cells for _, cells in found]
        return [line for line, _ in found], emptied(kept_rows) if has_spaces else kept_rows

    def _may_have_blank(self, records: list[str]) -> bool:
        """Whether some line begins with a delimiter or a space, as blank rows do."""
        return not self._blank_starts.isdisjoint({record[:1] for record in records})

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

    def by_records(self, chunk: Chunk) -> Read:
        """The rows of the chunk, and of the chunks that its last record continues into."""
        offset = fed = last = chunk.first - 1
        has_spaces = False

        def feed() -> Iterator[str]:
            nonlocal fed, has_spaces
            following: Chunk | None = chunk
            while following is not None:
                has_spaces = has_spaces or self._space_cells.are_in(following.body)
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
                    is_clean = not faults or faults.keys().isdisjoint(range(line, last + 1))
                    if fields and is_clean and self._is_blank(fields):
                        continue
                    if (len(fields) == width and line == last and not faults) or checker.passes(line, last, fields):
                        if has_more and (fields := checker.named_cells(line, fields) or []) == []:
                            continue
                        lines.append(line)
                        rows.append(fields)
                return lines, emptied(rows) if has_spaces else rows
            except csv.Error:
                if not checker.accepts_end(last + 1, offset + reader.line_num):
                    self._broken_off = True
                    return lines, emptied(rows) if has_spaces else rows
                last = offset + reader.line_num


def _remembering(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line
