"""Stores the messages that the sandbox accepted, in a file, so that the next command finds them."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble, SandboxUnwritable
from sendspec.ledger.sqlite_file import real_place, refuse_planted

BLOCK = 1_001
"""Messages read at once: a full page and one more."""
MAX_KEPT = 10_000
KEPT_SECONDS = 7 * 86_400
"""The newest messages are kept, and not for long: they hold real people's numbers."""
TABLE = (
    "CREATE TABLE message (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, workspace TEXT NOT NULL,"
    " channel TEXT NOT NULL, payload TEXT NOT NULL, created_at REAL NOT NULL, batch TEXT)"
)
TABLE_WITHOUT_BATCH = TABLE.replace(", batch TEXT", "")
"""The table of an earlier version, which is upgraded."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An accepted message. `payload` is the request body; `created_at` is in Unix seconds; `batch` is the id of its batch."""

    number: int
    id: str
    workspace: str
    channel: str
    payload: dict[str, Any]
    created_at: float
    batch: str | None = None

    @property
    def receivers(self) -> list[str]:
        contacts = self.payload["receiver"].get("contacts") or ()
        return [str(contact["identifierValue"]) for contact in contacts if contact.get("identifierValue")]


class _NotOurs(Exception):
    """Something else is at the file's path."""


def _create_private(path: Path) -> None:
    """Creates the file if it is missing, readable by this user only. Raises OSError, and `_NotOurs` for anything but a plain file.

    Raises `LedgerTrouble` where its folder, or a file that SQLite would open beside it, is a link.
    """
    real_place(path)
    refuse_planted(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _NotOurs("it is a link") from None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise _NotOurs("it is no file of its own")
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _opened(place: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        if made not in (
            [],
            [(TABLE,)],
            [(TABLE_WITHOUT_BATCH,)],
        ):  # a planted view could loop, a planted trigger could do anything
            raise _NotOurs("it is another database")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA secure_delete = ON")
        if not made:
            connection.execute(TABLE.replace("TABLE", "TABLE IF NOT EXISTS", 1))
        elif made == [(TABLE_WITHOUT_BATCH,)]:
            connection.execute("ALTER TABLE message ADD COLUMN batch TEXT")
    except BaseException:
        connection.close()
        raise
    return connection


class Store:
    """Thread-safe. Not durable like the ledger: it doesn't wait for the disk."""

    def __init__(self, path: Path | None) -> None:
        """Raises `SandboxUnwritable`."""
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _create_private(path)
            self._connection = _opened(":memory:" if path is None else path)
        except LedgerTrouble as trouble:
            raise SandboxUnwritable(trouble.problem, trouble.fix) from trouble
        except (OSError, sqlite3.Error, _NotOurs) as error:
            reason = os.strerror(error.errno or 0).lower() if isinstance(error, OSError) else str(error)
            raise SandboxUnwritable(
                f"the sandbox's messages can't be kept in {path}: {reason}",
                "make its folder writable for this user, or move what is there away",
            ) from error

    def add(
        self,
        workspace: str,
        channel: str,
        messages: Sequence[tuple[str, dict[str, Any]]],
        created_at: float,
        batch: str | None = None,
    ) -> list[Stored]:
        """Adds messages, each an id and a payload, all or none. `batch` is the id of their batch."""
        stored = []
        with self._lock, self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            for identity, payload in messages:
                number = connection.execute(
                    "INSERT INTO message (id, workspace, channel, payload, created_at, batch) VALUES (?, ?, ?, ?, ?, ?)",
                    (identity, workspace, channel, json.dumps(payload, ensure_ascii=False), created_at, batch),
                ).lastrowid
                stored.append(Stored(number or 0, identity, workspace, channel, payload, created_at, batch))
            connection.execute("DELETE FROM message WHERE number <= (SELECT max(number) FROM message) - ?", (MAX_KEPT,))
        return stored

    def forget(self, now: float) -> None:
        """Deletes messages that are too old. Costs one query where there are none."""
        with self._lock, self._connection as connection:
            oldest = connection.execute("SELECT created_at FROM message ORDER BY number LIMIT 1").fetchone()
            if oldest is not None and oldest[0] < now - KEPT_SECONDS:
                connection.execute("DELETE FROM message WHERE created_at < ?", (now - KEPT_SECONDS,))

    def get(self, workspace: str, channel: str, identity: str) -> Stored | None:
        found = self._select("workspace = ? AND channel = ? AND id = ?", (workspace, channel, identity), 1)
        return found[0] if found else None

    def page(
        self,
        workspace: str,
        channel: str,
        *,
        after: int | None,
        since: float | None,
        until: float | None,
        limit: int,
        batch: str | None = None,
        reverse: bool = False,
        matches: Callable[[Stored], bool] = lambda message: True,
    ) -> list[Stored]:
        """Messages of a channel created in [since, until], newest first or in `reverse`, from behind the number `after`.

        `matches` filters them; `limit` counts the matches.
        """
        found: list[Stored] = []
        while len(found) < limit:
            bounds = {
                "workspace = ?": workspace,
                "channel = ?": channel,
                "number > ?" if reverse else "number < ?": after,
                "created_at >= ?": since,
                "created_at <= ?": until,
                "batch = ?": batch,
            }
            given = {condition: value for condition, value in bounds.items() if value is not None}
            block = self._select(" AND ".join(given), tuple(given.values()), BLOCK, ascending=reverse)
            found += filter(matches, block)
            if len(block) < BLOCK:
                break
            after = block[-1].number
        return found[:limit]

    def all(self) -> list[Stored]:
        """Every message, oldest first."""
        return self._select("1 = 1", (), -1)[::-1]

    def _select(self, where: str, values: Any, limit: int, *, ascending: bool = False) -> list[Stored]:
        with self._lock:
            rows = self._connection.execute(
                f"SELECT number, id, workspace, channel, payload, created_at, batch FROM message WHERE {where}"
                f" ORDER BY number {'ASC' if ascending else 'DESC'} LIMIT ?",
                (*values, limit),
            ).fetchall()
        return [Stored(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5], row[6]) for row in rows]

    def close(self) -> None:
        with self._lock:
            self._connection.close()
