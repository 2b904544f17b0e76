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
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(buffer, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: guarded(value) for name, value in row.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def guarded(value: object) -> object:
    """A cell that no spreadsheet evaluates."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
