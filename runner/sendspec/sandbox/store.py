"""Stores the messages that the sandbox accepted, in a file, so that the next command finds them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from sendspec.diagnostics.exceptions import LedgerTrouble, SandboxUnwritable
from sendspec.sandbox.store_file import NotOurs, create_private, opened

BLOCK = 1_001
"""Messages read at once: a full page and one more."""
MAX_KEPT = 10_000
KEPT_SECONDS = 7 * 86_400
"""The newest messages are kept, and not for long: they hold real people's numbers."""


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
        return receivers_of(self.payload)


def receivers_of(payload: Mapping[str, Any]) -> list[str]:
    """The identifiers of a message's contacts, those without one left out."""
    contacts = payload["receiver"].get("contacts") or ()
    return [str(contact["identifierValue"]) for contact in contacts if contact.get("identifierValue")]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A text from a person. `sender` is the person's number; `answers` is the id of the message that it replies to, if any.

    `number` counts texts that came by themselves, or is the number of the message whose receiver replies by its ending.
    """

    number: int
    id: str
    workspace: str
    channel: str
    sender: str
    text: str
    created_at: float
    answers: str | None


class Store:
    """Thread-safe. Not durable like the ledger: it doesn't wait for the disk."""

    def __init__(self, path: Path | None) -> None:
        """Raises `SandboxUnwritable`."""
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                create_private(path)
            self._connection = opened(":memory:" if path is None else path)
        except LedgerTrouble as trouble:
            raise SandboxUnwritable(trouble.problem, trouble.fix) from trouble
        except (OSError, sqlite3.Error, NotOurs) as error:
            raise _unwritable(path, error) from error
        self._path = path
        self._file = self._found_file()

    @property
    def is_lost(self) -> bool:
        """Whether its file was removed or replaced since: other processes no longer share it."""
        return self._found_file() != self._file

    def _found_file(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

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
        with self._connected() as connection, connection:
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
        """Deletes messages that are too old. Costs two queries where there are none."""
        with self._connected() as connection, connection:
            for table in ("message", "incoming"):
                oldest = connection.execute(f"SELECT created_at FROM {table} ORDER BY number LIMIT 1").fetchone()
                if oldest is not None and oldest[0] < now - KEPT_SECONDS:
                    connection.execute(f"DELETE FROM {table} WHERE created_at < ?", (now - KEPT_SECONDS,))

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

    def after(self, number: int, limit: int) -> list[Stored]:
        """Messages of all channels with higher numbers, oldest first."""
        return self._select("number > ?", (number,), limit, ascending=True)

    def with_text(self, text: str, workspace: str | None = None, channel: str | None = None) -> list[Stored]:
        """Messages whose JSON contains `text`, newest first: more than are meant, found without reading all of them."""
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"
        return self._select(
            "payload LIKE ? ESCAPE '\\' AND workspace = coalesce(?, workspace) AND channel = coalesce(?, channel)",
            (pattern, workspace, channel),
            MAX_KEPT,
        )

    def add_incoming(self, text: Incoming) -> Incoming:
        """Adds a text from a person, and returns it with its number."""
        with self._connected() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            number = connection.execute(
                "INSERT INTO incoming (id, workspace, channel, sender, text, created_at, answers) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (text.id, text.workspace, text.channel, text.sender, text.text, text.created_at, text.answers),
            ).lastrowid
            connection.execute(
                "DELETE FROM incoming WHERE number <= (SELECT max(number) FROM incoming) - ?", (MAX_KEPT,)
            )
        return replace(text, number=number or 0)

    def incoming(self, workspace: str, channel: str) -> list[Incoming]:
        """The texts to a channel, oldest first."""
        return self._select_incoming("workspace = ? AND channel = ?", (workspace, channel))

    def answers_to(self, message: str) -> list[Incoming]:
        """The texts that reply to this message, oldest first."""
        return self._select_incoming("answers = ?", (message,))

    def incoming_after(self, number: int) -> list[Incoming]:
        """The texts to all channels with higher numbers, oldest first."""
        return self._select_incoming("number > ?", (number,))

    def newest_numbers(self) -> tuple[int, int]:
        """The numbers of the newest message and of the newest text, 0 where there is none. They fall when all were forgotten."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT (SELECT coalesce(max(number), 0) FROM message), (SELECT coalesce(max(number), 0) FROM incoming)"
            ).fetchone()
        return row[0], row[1]

    def all(self) -> list[Stored]:
        """Every message, oldest first."""
        return self._select("1 = 1", (), -1)[::-1]

    def _select(self, where: str, values: Any, limit: int, *, ascending: bool = False) -> list[Stored]:
        with self._connected() as connection:
            rows = connection.execute(
                f"SELECT number, id, workspace, channel, payload, created_at, batch FROM message WHERE {where}"
                f" ORDER BY number {'ASC' if ascending else 'DESC'} LIMIT ?",
                (*values, limit),
            ).fetchall()
        return [Stored(row[0], row[1], row[2], row[3], orjson.loads(row[4]), row[5], row[6]) for row in rows]

    def _select_incoming(self, where: str, values: Any) -> list[Incoming]:
        with self._connected() as connection:
            rows = connection.execute(
                f"SELECT number, id, workspace, channel, sender, text, created_at, answers FROM incoming WHERE {where}"
                " ORDER BY number",
                values,
            ).fetchall()
        return [Incoming(*row) for row in rows]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone. Raises `SandboxUnwritable` where the file can't be used."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise _unwritable(self._path, error) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _unwritable(path: Path | None, error: Exception) -> SandboxUnwritable:
    reason = os.strerror(error.errno or 0).lower() if isinstance(error, OSError) else str(error)
    return SandboxUnwritable(
        f"the sandbox's messages can't be kept in {path or 'memory'}: {reason}",
        "make its folder writable for this user, or move what is there away",
    )
