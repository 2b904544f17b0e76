"""A file as the target of a copy: written under another name, and renamed once the source can't send any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.copied_table import (
    COPIED_TABLES,
    COPY,
    MESSAGE,
    RUN,
    SPEC,
    CopiedTable,
    LedgerContent,
)
from sendspec.ledger.copy_protocol import CopySource
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite.connection import connect_to_write, make_durable
from sendspec.ledger.sqlite.creation import (
    give_name,
    ledger_errors,
    make_folder,
    refuse_existing,
    remove_made,
    write_tables,
)
from sendspec.ledger.sqlite.location import read_mounts, refuse_network
from sendspec.ledger.sqlite.opening import ledger_is_there, open_to_read
from sendspec.ledger.sqlite.progress_mirror import write_mirror
from sendspec.ledger.sqlite.reader import SqliteReader
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.ledger.sqlite.send_history import FORMER_TREES
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.ledger.sqlite_file import copy_name, real_place

BLOCK = 5_000
"""Rows committed at once: a whole ledger in one commit would be a second time on the disk, in the log."""
ADDED = {MESSAGE: ("checksum",), RUN: ("epoch",)}
"""Columns that only this kind of ledger has."""
NOT_HERE = ("former_trees", "halt")
LAST_EVENT = "UPDATE event SET number = ?1 WHERE number = (SELECT max(number) FROM event) AND number < ?1"
"""The number of moves is that of the last event. A server can count on beyond it, and what a plan file says of moves must stay true."""


class FileTarget:
    """Satisfies `copy_protocol.CopyTarget`. Holds the run lock of the ledger that is to be."""

    def __init__(self, path: Path, identity: LedgerIdentity, owner: RunOwner, *, since: str) -> None:
        self._path = real_place(path)
        self._made = copy_name(self._path)
        self._identity = identity
        make_folder(self._path.parent)
        refuse_network(self._path, read_mounts())
        self._lock = take_lock(self._path, owner, since=since)

    def close(self) -> None:
        self._lock.release()

    def waiting_copy(self) -> str | None:
        """Which copy is there, under either name."""
        with suppress(LedgerTrouble):
            return self._noted_copy()
        return None

    def _noted_copy(self) -> str | None:
        ledger = self._open()
        try:
            return ledger.copy
        finally:
            ledger.close()

    def _open(self) -> SqliteReader:
        place = self._path if ledger_is_there(self._path) else self._made
        return open_to_read(place, self._identity.ledger, salt=self._identity.salt)

    def refuse_taken(self) -> None:
        refuse_existing(self._path)

    def fill(self, source: CopySource, copy: str) -> None:
        """Writes the ledger, durably, under a name that no command opens."""
        with ledger_errors(self._path):
            remove_made(self._made)
            os.close(os.open(self._made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            known = {"id": self._identity.ledger, "salt_check": self._identity.salt_check, COPY: copy}
            write_tables(self._made, {**known, "epoch": source.epoch, "created_at": source.created_at})
            connection = connect_to_write(str(self._made))
            try:
                make_durable(connection, str(self._made))
                for table in COPIED_TABLES:
                    _write_rows(connection, table, source.copied_rows(table))
                connection.execute(LAST_EVENT, (source.moves,))
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # only the file itself is renamed
            finally:
                connection.close()

    def content(self) -> LedgerContent:
        ledger = self._open()
        try:
            return ledger.content()
        finally:
            ledger.close()

    def find_damage(self) -> list[str]:
        ledger = self._open()
        try:
            return ledger.find_damage()
        finally:
            ledger.close()

    def finish(self, source: CopySource) -> None:
        if ledger_is_there(self._path):
            remove_made(self._made)  # its second name, where a command was killed while it was renamed
            return
        with ledger_errors(self._path):
            write_mirror(self._made, source.epoch, source.moves)
            give_name(self._made, self._path)


def _write_rows(connection: Any, table: CopiedTable, rows: Iterator[tuple[Any, ...]]) -> None:
    columns = [column for column in table.columns if column not in NOT_HERE] + list(ADDED.get(table, ()))
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    while block := list(islice(rows, BLOCK)):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, [_as_here(table, row) for row in block])
        if table is SPEC:
            trees = table.columns.index("former_trees")
            kept = [(f"{FORMER_TREES}{row[0]}", row[trees]) for row in block if row[trees] is not None]
            connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", kept)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _as_here(table: CopiedTable, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A copied row with the columns that this kind of ledger has. A run's epoch is its number."""
    if table is MESSAGE:
        value = dict(zip(table.columns, row, strict=True))
        identity, attempt = value["id"], value["attempt"] + (value["resend"] << 32)
        planned = value["digest"], value["reference"], value["receiver"]
        checksum = row_checksum(
            identity, value["spec"], value["state"], *planned, attempt, value["remote_id"], value["first_claimed_at"]
        )
        return (*row, checksum)
    if table is SPEC:
        return row[: -len(NOT_HERE)]
    return (*row, row[0]) if table is RUN else row
