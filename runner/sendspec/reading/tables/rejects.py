"""The form of a table of rejected rows: four columns more, and cells that no spreadsheet takes for a formula.

Such a table is read like the one that its rows are from: without the four columns, and without the guards of its cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.tables.csv_record import Record

MARKS = ("sendspec_line", "sendspec_column", "sendspec_problem", "sendspec_fix")
"""The names of the columns, which are the first ones: so they line up in rows with too few or too many cells."""
_FORMULA = lazy_pattern(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet may run. A guard is an apostrophe more in front, so those that are there count too."""
_PHONE = lazy_pattern(r"\+[0-9]{5,15}")
"""A plain number does no harm, and stays as it is for other programs."""


def guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) and not _PHONE.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def reject_line(record: Record | None, text: str, delimiter: str, *, has_marks: bool, added: Sequence[str]) -> str:
    """The record that reads `text`, without its line end, as a line of a table of rejects; `added` are the cells of `MARKS`.

    `record` is None if its quotes are in trouble: then whatever may begin a cell in its text is guarded. `has_marks`: it is from a
    table of rejects itself.
    """
    if record is None:
        row = _without_marks(text, delimiter) if has_marks else _guarded_text(text, delimiter)
    else:
        cells = record.cells[len(MARKS) :] if has_marks else record.cells
        meant = [unguarded(cell.text) if has_marks else cell.text for cell in cells]
        row = text
        if has_marks or meant != list(map(guarded, meant)):
            written = zip(map(guarded, meant), (cell.quoted for cell in cells), strict=True)
            row = delimiter.join(_quoted(cell) if is_quoted else cell for cell, is_quoted in written)
    return delimiter.join([*(_quoted(each if each.startswith("'") else guarded(each)) for each in added), row])


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _guarded_text(text: str, delimiter: str) -> str:
    def guard(found: re.Match[str]) -> str:
        number = _PHONE.match(text, found.end())
        ends = number is not None and text[number.end() : number.end() + 1] in ("", delimiter, '"', "\n")
        return found[0] if ends else f"{found[0]}'"

    return re.sub(rf"(?:^|\n|{re.escape(delimiter)})\"*(?={_FORMULA.pattern})", guard, text)


def _without_marks(text: str, delimiter: str) -> str:
    cell = rf'"(?:[^"]|"")*"{re.escape(delimiter)}'
    return re.sub(rf"^(?:{cell}){{{len(MARKS)}}}", "", text)
