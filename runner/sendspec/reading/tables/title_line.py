"""Recognises a title above the header, as people put it over a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.position import span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.csv_record import read_record
from sendspec.reading.tables.delimiter import CANDIDATES, SPACES, SPREADSHEET_MARK
from sendspec.reading.tables.line_problem import excerpt
from sendspec.reading.tables.text_lines import lines_from
from sendspec.reading.tables.unclosed_quote import is_address

MAX_SAMPLED = 40
"""Lines that are looked at."""
MAX_LINE = 2_000
"""Characters of a line that are looked at."""
MAX_TITLES = 5
"""Lines that a title has at most."""
_VALUE = lazy_pattern(r"[0-9]{3}")
"""What rows have in some cell, and names of columns don't."""


def title_above_header(path: str, file: InputFile, delimiter: str) -> Diagnostic | None:
    """The error of a title above the header; None if there is none."""
    lines = [line[:MAX_LINE] for line in islice(lines_from(file, 1), MAX_SAMPLED)]
    for each in (delimiter, *CANDIDATES):
        filled = _filled(lines, each)
        header = _header(filled)
        if header is None and filled and each == delimiter and sum(map(bool, filled[0][1])) > 1:
            return None
        if header is not None:
            first, text = filled[0][0], lines[filled[0][0] - 1]
            problem = f"line {first} looks like a title; the header seems to be line {header}"
            fault = Problem("title-line", problem, f"delete the lines above line {header}")
            return fault.diagnostic(path, span_on_line(first, 1, len(text.rstrip("\r\n")) or 1), excerpt=excerpt(text))
    return None


def _filled(lines: Sequence[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """The records that aren't blank, each with its line; only the first if it has several cells that are filled."""
    found = []
    for number, line in enumerate(lines, 1):
        cells = [cell.text.strip(SPACES + "\r\n") for cell in read_record([line], number, delimiter).cells]
        if any(cells):
            found.append((number, cells))
            if sum(map(bool, found[0][1])) > 1:
                break
    return found


def _header(filled: Sequence[tuple[int, list[str]]]) -> int | None:
    """The line of the first record with several names, below records with a single cell that is filled; above rows with values."""
    titles = next((at for at, (_, cells) in enumerate(filled) if sum(map(bool, cells)) > 1), 0)
    if not 0 < titles <= MAX_TITLES or filled[0][1][0].startswith(SPREADSHEET_MARK):
        return None
    if any(is_address(cell) for _, cells in filled[:titles] for cell in cells):
        return None
    number, names = filled[titles]
    named = [name for name in names if name]
    if len(set(named)) < len(named) or any(_VALUE.search(name) or is_address(name) for name in named):
        return None
    rows = (cells for _, cells in filled[titles + 1 :])
    below = any(name and _VALUE.search(cell) for cells in rows for name, cell in zip(names, cells, strict=False))
    return number if below else None
