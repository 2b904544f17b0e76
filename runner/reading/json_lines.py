"""Recipients as JSON lines: one object on each line, types as written, null the same as missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.reading.diagnostic import Problems
from runner.reading.held_file import HeldFile
from runner.reading.json_object import read_object, value_places
from runner.reading.place import Span, span_on_line
from runner.reading.row import Block, Row, blocks_of
from runner.reading.table_change import note_change
from runner.reading.text_lines import LineFault, TextLines, excerpt, lines_from, on_line


class JsonLinesTable:
    """A table whose columns are all the keys of its objects, so that it has been read once."""

    def __init__(self, path: str, file: HeldFile, columns: tuple[str, ...]) -> None:
        self.path = path
        self.columns = columns
        self._file = file

    def rows(self, problems: Problems) -> Iterator[Row]:
        for line, values in objects(self.path, self._file, problems):
            if None in values.values():
                yield Row(line, {name: value for name, value in values.items() if value is not None})
            else:
                yield Row(line, values)
        note_change(self.path, self._file, problems)

    def blocks(self, problems: Problems) -> Iterator[Block]:
        return blocks_of(self.rows(problems))

    def locate(self, line: int, column: str | None) -> tuple[Span, str]:
        text = next(lines_from(self._file, line), "").rstrip("\r\n")
        start, end = value_places(text).get(column or "", (0, len(text)))
        return span_on_line(line, start + 1, end - start), excerpt(text)

    def changed(self) -> bool:
        return self._file.changed()

    def close(self) -> None:
        self._file.close()


def objects(path: str, file: HeldFile, problems: Problems) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's number and object. Lines that are none are left out, and why is among `problems`."""
    lines = TextLines(file)
    for number, text in enumerate(lines, 1):
        if lines.faults and (fault := lines.faults.pop(number, None)) is not None:
            _note(path, number, text, fault, problems)
            continue
        if text.isspace():
            continue
        found = read_object(text)
        if isinstance(found, LineFault):
            _note(path, number, text, found, problems)
        else:
            yield number, found


def _note(path: str, line: int, text: str, fault: LineFault, problems: Problems) -> None:
    problems.add_row((fault.code, path), line, lambda: on_line(path, line, text, fault.column, 1, fault))
