"""The write-ahead log beside a SQLite file: whether it holds anything, and its removal after reading."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from sendspec.ledger.sqlite.connection import connect_to_write


def has_log(path: Path) -> bool:
    """Whether the log holds anything."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size > 0
    except OSError:
        return False


def remove_empty_log(path: Path) -> None:
    """Has SQLite remove the empty WAL files that reading has left, by opening and closing a connection that may write.

    It does so under its own locks, when the last such connection closes. They stay while another
    has the ledger open. A WAL that holds anything is left alone.
    """
    if has_log(path) or not any(os.path.lexists(f"{path}{ending}") for ending in ("-wal", "-shm")):
        return
    with suppress(sqlite3.Error):
        connection = connect_to_write(str(path))
        try:
            connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()
