"""SQLite connections to a ledger: to write durably, to read, and to read a file that nobody can be writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import quote

from sendspec.diagnostics.exceptions import LedgerUnwritable

Connect: TypeAlias = Callable[[str], Any]
"""Opens a connection to a path. An argument, so that tests can run the ledger on a file system of their own."""

BUSY_SECONDS = 10
"""How long a statement waits for another process."""


def connect_to_write(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )


def connect_to_read(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )


def connect_immutable(path: str) -> sqlite3.Connection:
    """For a ledger that nobody can be writing: without `immutable`, even reading in WAL mode needs a file beside it."""
    return sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1", uri=True, isolation_level=None)


def make_durable(connection: Any, path: str) -> None:
    """Sets a connection up so that a commit returns once it is on disk. Raises `LedgerUnwritable` where WAL can't be had."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerUnwritable(f"the ledger {path} can't have a write-ahead log here", "put it on a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone doesn't reach the disk
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # the ledger makes its own, and hears when they fail
    connection.execute("PRAGMA foreign_keys = ON")
