"""Stores the messages that the sandbox accepted, in a file, so that the next command finds them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from sendspec.diagnostics.exceptions import LedgerTrouble, SandboxUnwritable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.files.private_folder import FOLDER, make_private_folder
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
    """Thread-safe. Not durable like the ledger: it doesn't wait for the disk.

    With a `clock`, it notices when its file was removed or replaced, and goes on with the one that is at its path by then, as other
    commands do. `lost_at` is when it noticed, in Unix seconds: what had been stored before is gone. None: that has not happened.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] | None = None) -> None:
        """Raises `SandboxUnwritable`."""
        self._lock = threading.Lock()
        self._path = path
        self._clock = clock
        self.lost_at: float | None = None
        with self._complaining():
            self._connection, self._file = opened(":memory:") if path is None else self._opened(path), self._at_path()

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
        with self._connected(writes=True) as connection, connection:
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
        with self._connected(writes=True) as connection, connection:
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
    def _connected(self, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone. Raises `SandboxUnwritable` where the file can't be used."""
        with self._lock, self._complaining():
            self._follow(writes=writes)
            yield self._connection

    def _follow(self, *, writes: bool) -> None:
        """Turns to the file that is at the path, if it is another one. A missing one is made only when something is to be stored."""
        if self._path is None or self._clock is None:
            return
        file = self._at_path()
        if file == self._file and (file is not None or not writes):
            return
        if self._file is not None:
            self.lost_at = self._clock()
        connection = opened(":memory:") if file is None and not writes else self._opened(self._path)
        self._connection.close()
        self._connection, self._file = connection, file if file is not None or not writes else self._at_path()

    def _at_path(self) -> tuple[int, int] | None:
        """What tells the file at the path from any other; None where there is none. While it is open, its number isn't given to another."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection:
        if path.parent.name == FOLDER:
            make_private_folder(path.parent.parent)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_private(path)
        return opened(path)

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        """Raises `SandboxUnwritable` for what keeps the block from using the file."""
        try:
            yield
        except LedgerTrouble as trouble:
            raise SandboxUnwritable(trouble.problem, trouble.fix) from trouble
        except (OSError, sqlite3.Error, NotOurs) as error:
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
