"""The ledger's messages as a table for other tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Rows as CSV lines with a header. What a spreadsheet would take for a formula gets a ' in front (CWE-1236)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # ends a line with "\r\n", and so quotes a bare "\r", which would begin another row

    def line(cells: Iterable[object]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue().removesuffix("\r\n") + "\n"

    names: list[str] = []
    for row in rows:
        header = "" if names else line(names := list(row))
        yield header + line(guarded(row[name]) for name in names)


def guarded(value: object) -> object:
    """A cell that no spreadsheet evaluates."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
