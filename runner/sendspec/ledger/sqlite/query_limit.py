"""Bounds on what a query may cost, and on how long a value may be: a hostile file must not hang or fill a reader."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

STEPS_BETWEEN_LOOKS = 100_000
STEPS_ALWAYS, STEPS_A_BYTE = 20_000_000, 4
"""SQLite's steps that a query may take: some tenths of a second, and per byte of the ledger six times the costliest query's."""
MAX_VALUE_BYTES = 1_000_000
"""The longest value or row. A ledger's own have a few hundred bytes."""


class QueryLimit:
    """A progress handler that interrupts a query which far exceeds what the ledger's size explains."""

    def __init__(self, most: int) -> None:
        """`most` is the number of SQLite steps a query may take."""
        self._most = self._left = most // STEPS_BETWEEN_LOOKS

    def begin(self) -> None:
        """Starts counting for the next query."""
        self._left = self._most

    def allow_for(self, written: int) -> None:
        """The file has grown by so many bytes since it was opened. Starts counting for the next query."""
        self._most += STEPS_A_BYTE * written // STEPS_BETWEEN_LOOKS
        self.begin()

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


def limit_queries(connection: Any, path: Path) -> QueryLimit:
    """Limits the queries and value lengths of a connection just opened to `path`."""
    size = sum(_size(path.with_name(path.name + ending)) for ending in ("", "-wal"))
    limit = QueryLimit(STEPS_ALWAYS + STEPS_A_BYTE * size)
    connection.set_progress_handler(limit, STEPS_BETWEEN_LOOKS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    return limit


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - as the other calls here
    except OSError:
        return 0
