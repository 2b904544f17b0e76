"""Recipients as JSON lines: one object a line, types as written, null counts as missing."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Sequence
from functools import partial
from typing import Any

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span, span_on_line
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.block import Block, Read, rows_of
from sendspec.reading.tables.json_object import read_object, value_places
from sendspec.reading.tables.line_problem import LineProblem, excerpt, line_diagnostic
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table_change import note_change
from sendspec.reading.tables.text_lines import Chunk, TextLines, lines_from

_TOLD_BY_PROBLEM = frozenset({"json-syntax", "forbidden-character"})
"""Codes of several mistakes: lines with another one are another problem."""
_NO_OBJECT = frozenset({"json-syntax", "not-an-object"})
"""Of lines with other faults, the keys can be told."""


class JsonLinesTable:
    """A table whose columns are the keys of all its objects, which takes one pass to collect."""

    delimiter_found = ""
    blank_rows = 0

    def __init__(self, path: str, file: InputFile, columns: tuple[str, ...]) -> None:
        self.path = path
        self.columns = columns
        self._file = file

    def rows(self, problems: Problems) -> Iterator[Row]:
        return rows_of(self.blocks(problems))

    def blocks(self, problems: Problems) -> Iterator[Block]:
        lines = TextLines(self._file)
        for chunk in lines.chunks():
            numbers = range(chunk.first, chunk.first + chunk.count)
            yield Block(numbers, None, partial(self._read, lines, chunk, problems))
        note_change(self.path, self._file, problems)

    def _read(self, lines: TextLines, chunk: Chunk, problems: Problems) -> Read:
        numbers: list[int] = []
        rows: list[dict[str, Any]] = []
        for number, values in _objects(self.path, lines, chunk, problems):
            numbers.append(number)
            has_null = None in values.values()
            rows.append({name: value for name, value in values.items() if value is not None} if has_null else values)
        return numbers, rows

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        text = next(lines_from(self._file, line), "").rstrip("\r\n")
        start, end = value_places(text).get(column or "", (0, len(text)))
        return span_on_line(line, start + 1, end - start), excerpt(text)

    def texts(self, lines: Sequence[int]) -> Iterator[tuple[int, str]]:
        """These lines of the file, which are sorted, without their line ends."""
        following = lines_from(self._file, 1)
        number = 0
        for line in lines:
            text = ""
            while number < line:
                text, number = next(following, ""), number + 1
            yield line, text.rstrip("\r\n")

    def note_change(self, problems: Problems) -> None:
        """Adds an error if the file has changed since it was opened."""
        note_change(self.path, self._file, problems)

    def close(self) -> None:
        self._file.close()


def keys_by_line(path: str, file: InputFile) -> Iterator[KeysView[str]]:
    """The keys of each line that isn't blank; none of one that is no object. Faults of lines are reported when rows are read."""
    lines = TextLines(file)
    for chunk in lines.chunks():
        for number, text in enumerate(lines.lines_of(chunk), chunk.first):
            is_unclean = bool(lines.problem_by_line) and lines.problem_by_line.pop(number, None) is not None
            if is_unclean or not text.isspace():
                yield _keys(text)


def _keys(text: str) -> KeysView[str]:
    found = read_object(text)
    if not isinstance(found, LineProblem):
        return found.keys()
    return ({} if found.code in _NO_OBJECT else value_places(text)).keys()


def _objects(path: str, lines: TextLines, chunk: Chunk, problems: Problems) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in enumerate(lines.lines_of(chunk), chunk.first):
        if lines.problem_by_line and (fault := lines.problem_by_line.pop(number, None)) is not None:
            _note(path, number, text, fault, problems)
            continue
        if text.isspace():
            continue
        found = read_object(text)
        if isinstance(found, LineProblem):
            _note(path, number, text, found, problems)
        else:
            yield number, found


def _note(path: str, line: int, text: str, fault: LineProblem, problems: Problems) -> None:
    why = fault.problem if fault.code in _TOLD_BY_PROBLEM else ""
    problems.add_row(
        (fault.code, why, path), line, lambda: line_diagnostic(path, line, text, fault.column, fault.length, fault)
    )
