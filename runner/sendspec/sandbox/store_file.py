"""Opens the file that keeps the sandbox's messages: private, ours alone, and upgraded."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import time
from pathlib import Path

from sendspec.ledger.sqlite_file import real_place, refuse_planted

MESSAGES = (
    "CREATE TABLE message (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, workspace TEXT NOT NULL,"
    " channel TEXT NOT NULL, payload TEXT NOT NULL, created_at REAL NOT NULL, batch TEXT)"
)
INCOMING = (
    "CREATE TABLE incoming (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, workspace TEXT NOT NULL,"
    " channel TEXT NOT NULL, sender TEXT NOT NULL, text TEXT NOT NULL, created_at REAL NOT NULL, answers TEXT)"
)
MESSAGES_WITHOUT_BATCH = MESSAGES.replace(", batch TEXT", "")
KNOWN: tuple[list[str], ...] = ([], [MESSAGES_WITHOUT_BATCH], [MESSAGES], [MESSAGES, INCOMING])
"""What a file of ours has, by version: nothing yet, or these tables. Anything else is planted: a view could loop, a trigger could do anything."""

BUSY_ATTEMPTS, BUSY_SECONDS = 500, 0.02


class NotOurs(Exception):
    """Something else is at the file's path."""


def create_private(path: Path) -> None:
    """Creates the file if it is missing, readable by this user only. Raises OSError, and `NotOurs` for anything but a plain file.

    Raises `LedgerTrouble` where its folder, or a file that SQLite would open beside it, is a link.
    """
    real_place(path)
    refuse_planted(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotOurs("it is a link") from None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise NotOurs("it is no file of its own")
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def opened(place: Path | str) -> sqlite3.Connection:
    """The database with its tables. Raises `sqlite3.Error`, and `NotOurs` for another database."""
    connection = sqlite3.connect(place, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        made = _tables(connection)
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA secure_delete = ON")
        if made != KNOWN[-1]:
            _upgrade(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Sets WAL. SQLite doesn't wait for another process that does the same at this moment, but fails at once."""
    for _ in range(BUSY_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(BUSY_SECONDS)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _tables(connection: sqlite3.Connection) -> list[str]:
    made = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]
    if made not in KNOWN:
        raise NotOurs("it is another database")
    return made


def _upgrade(connection: sqlite3.Connection) -> None:
    """Brings the file to today's tables, unless another process has done it by now."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        made = _tables(connection)
        if not made:
            connection.execute(MESSAGES)
        elif made == [MESSAGES_WITHOUT_BATCH]:
            connection.execute("ALTER TABLE message ADD COLUMN batch TEXT")
        if INCOMING not in made:
            connection.execute(INCOMING)
