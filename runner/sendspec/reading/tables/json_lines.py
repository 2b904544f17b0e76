"""Recipients as JSON lines: one object a line, types as written, null counts as missing."""

from __future__ import annotations

import io
from collections.abc import Iterator, KeysView, Sequence
from functools import partial
from typing import Any

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.position import Span, span_on_line
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.block import Block, Read, rows_of
from sendspec.reading.tables.json_object import read_object, value_places
from sendspec.reading.tables.json_shape import MIN_REPEATS, LineShapes, ReadLines
from sendspec.reading.tables.line_problem import LineProblem, excerpt, line_diagnostic
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table_change import note_change
from sendspec.reading.tables.text_lines import Chunk, TextLines, lines_from

_TOLD_BY_PROBLEM = frozenset({"json-syntax", "forbidden-character"})
"""Codes of several mistakes: lines with another one are another problem."""
_NO_OBJECT = frozenset({"json-syntax", "not-an-object"})
"""Of lines with other faults, the keys can be told."""


class JsonLinesTable:
    """A table whose columns are the keys of all its objects, which takes one pass to collect: `keys_of_lines`."""

    delimiter_found = ""
    blank_rows = 0

    def __init__(self, path: str, file: InputFile, columns: tuple[str, ...], shapes: LineShapes) -> None:
        self.path = path
        self.columns = columns
        self._file = file
        self._shapes = shapes

    def rows(self, problems: Problems) -> Iterator[Row]:
        return rows_of(self.blocks(problems))

    def blocks(self, problems: Problems, *, compared: bool = True) -> Iterator[Block]:
        lines = TextLines(self._file, compared=compared)
        for chunk in lines.chunks():
            numbers = range(chunk.first, chunk.first + chunk.count)
            yield Block(numbers, None, partial(self._read, lines, chunk, problems))
        note_change(self.path, self._file, problems)

    def _read(self, lines: TextLines, chunk: Chunk, problems: Problems) -> Read:
        numbers: list[int] = []
        rows: list[dict[str, Any]] = []
        for number, text, read in _runs(lines, chunk, self._shapes):
            found = None if read is None else read(text)
            if found is None:
                self._read_carefully(number, text, lines, problems, numbers, rows)
            else:
                numbers.extend(range(number, number + len(found)))
                rows.extend(found)
        if chunk.text is not None and "null" not in chunk.text:
            return numbers, rows
        return numbers, [_without_nulls(values) for values in rows]

    def _read_carefully(
        self,
        first: int,
        text: str,
        lines: TextLines,
        problems: Problems,
        numbers: list[int],
        rows: list[dict[str, Any]],
    ) -> None:
        """Adds the objects of the lines in `text` to `rows`, and their lines to `numbers`."""
        for number, line in enumerate(io.StringIO(text, newline="\n"), first):
            fault: LineProblem | None = None
            if lines.problem_by_line:
                fault = lines.problem_by_line.pop(number, None)
            if fault is None and line.isspace():
                continue
            found = fault or read_object(line)
            if isinstance(found, LineProblem):
                _note(self.path, number, line, found, problems)
            else:
                numbers.append(number)
                rows.append(found)

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


def keys_of_lines(path: str, file: InputFile, shapes: LineShapes) -> tuple[tuple[str, ...], bool]:
    """The keys of all objects, and whether any line isn't blank. Faults of lines are reported when rows are read.

    A line that is no object has no keys. `shapes` learns those of the lines.
    """
    names: dict[str, None] = {}
    is_empty = True
    lines = TextLines(file)
    for chunk in lines.chunks():
        for number, text, read in _runs(lines, chunk, shapes):
            if read is not None:
                continue
            is_unclean = bool(lines.problem_by_line) and lines.problem_by_line.pop(number, None) is not None
            if not is_unclean and text.isspace():
                continue
            is_empty = False
            found = read_object(text)
            if chunk.count >= MIN_REPEATS and not isinstance(found, LineProblem):
                shapes.learn(found)
            keys = _keys(text, found)
            if not keys <= names.keys():
                names.update(dict.fromkeys(keys))
    return tuple(names), not is_empty


def _runs(lines: TextLines, chunk: Chunk, shapes: LineShapes) -> Iterator[tuple[int, str, ReadLines | None]]:
    """All lines of the chunk in order, as the first line's number and the text of one line or more.

    With how to read lines that match a shape; all others come one by one, with None.
    """
    text = chunk.text
    if text is None:
        yield from ((number, line, None) for number, line in enumerate(lines.lines_of(chunk), chunk.first))
        return
    known = shapes.known(chunk.first, text)
    if known is not None:
        yield chunk.first, text, known
        return
    at, number = 0, chunk.first
    while at < len(text):
        end, read = shapes.match(text, at)
        if end > at:
            if end - at == len(text):
                shapes.remember(number, text, read)
            yield number, text[at:end], read
            number += text.count("\n", at, end)
        else:
            end = text.find("\n", at) + 1 or len(text)
            yield number, text[at:end], None
            number += 1
        at = end


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    if None not in values.values():
        return values
    return {name: value for name, value in values.items() if value is not None}


def _note(path: str, line: int, text: str, fault: LineProblem, problems: Problems) -> None:
    why = fault.problem if fault.code in _TOLD_BY_PROBLEM else ""
    problems.add_row(
        (fault.code, why, path), line, lambda: line_diagnostic(path, line, text, fault.column, fault.length, fault)
    )


def _keys(text: str, found: dict[str, Any] | LineProblem) -> KeysView[str]:
    if not isinstance(found, LineProblem):
        return found.keys()
    return ({} if found.code in _NO_OBJECT else value_places(text)).keys()
