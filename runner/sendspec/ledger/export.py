"""Exports the ledger's messages as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> Iterator[str]:
    """Rows as CSV lines with a header. A cell that a spreadsheet would run as a formula is prefixed with ' (CWE-1236).

    With `columns`, these are the header, even if there are no rows; otherwise the first row's names are.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # its "\r\n" line end makes it quote a bare "\r", which would start a new row

    def line(cells: Iterable[object]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue().removesuffix("\r\n") + "\n"

    names = list(columns)
    if names:
        yield line(map(guarded, names))
    for row in rows:
        header = "" if names else line(names := list(row))
        yield header + line(guarded(row[name]) for name in names)


def guarded(value: object) -> object:
    """The value, prefixed if a spreadsheet would evaluate it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
