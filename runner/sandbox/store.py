"""What the sandbox was sent, kept in a file so that it is still there for the next command."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import SandboxUnwritable


@dataclass(frozen=True, slots=True)
class Stored:
    """An accepted message. `payload` is the request body; `created_at` is in Unix seconds."""

    number: int
    id: str
    workspace: str
    channel: str
    payload: dict[str, Any]
    created_at: float


def _opened(place: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS message (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, workspace TEXT NOT NULL,"
            " channel TEXT NOT NULL, payload TEXT NOT NULL, created_at REAL NOT NULL)"
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Store:
    """Safe to use from the server's threads. It is a toy's memory, not a ledger: it doesn't wait for the disk."""

    def __init__(self, path: Path | None) -> None:
        """Raises `SandboxUnwritable`."""
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = _opened(":memory:" if path is None else path)
        except (OSError, sqlite3.Error) as error:
            reason = os.strerror(error.errno or 0).lower() if isinstance(error, OSError) else str(error)
            raise SandboxUnwritable(
                f"the sandbox's messages can't be kept in {path}: {reason}",
                "make its folder writable for this user, or move what is there away",
            ) from error

    def add(
        self, workspace: str, channel: str, messages: Sequence[tuple[str, dict[str, Any]]], created_at: float
    ) -> list[Stored]:
        """Takes messages, each an id and a payload: all or none."""
        stored = []
        with self._lock, self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            for identity, payload in messages:
                number = connection.execute(
                    "INSERT INTO message (id, workspace, channel, payload, created_at) VALUES (?, ?, ?, ?, ?)",
                    (identity, workspace, channel, json.dumps(payload, ensure_ascii=False), created_at),
                ).lastrowid
                stored.append(Stored(number or 0, identity, workspace, channel, payload, created_at))
        return stored

    def get(self, workspace: str, channel: str, identity: str) -> Stored | None:
        found = self._select("workspace = ? AND channel = ? AND id = ?", (workspace, channel, identity), 1)
        return found[0] if found else None

    def page(
        self, workspace: str, channel: str, *, before: int | None, since: float | None, until: float | None, limit: int
    ) -> list[Stored]:
        """The newest messages of a channel first, from below number `before` on, made in [since, until]."""
        where, values = "workspace = ? AND channel = ?", [workspace, channel]
        bounds: list[tuple[str, float | int | None]] = [
            ("number < ?", before),
            ("created_at >= ?", since),
            ("created_at <= ?", until),
        ]
        for condition, bound in bounds:
            if bound is not None:
                where += f" AND {condition}"
                values.append(bound)  # type: ignore[arg-type]  # SQLite takes numbers and text alike
        return self._select(where, values, limit)

    def all(self) -> list[Stored]:
        """Every message, the first one first."""
        return self._select("1 = 1", (), -1)[::-1]

    def _select(self, where: str, values: Any, limit: int) -> list[Stored]:
        with self._lock:
            rows = self._connection.execute(
                f"SELECT number, id, workspace, channel, payload, created_at FROM message WHERE {where} ORDER BY number DESC LIMIT ?",
                (*values, limit),
            ).fetchall()
        return [Stored(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5]) for row in rows]

    def close(self) -> None:
        with self._lock:
            self._connection.close()
