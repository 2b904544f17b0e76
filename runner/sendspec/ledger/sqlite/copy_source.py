"""A ledger in a file as the source of a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sendspec.diagnostics.exceptions import LedgerMissing
from sendspec.ledger.copied_table import (
    ABSENCE,
    COPY,
    EVENT,
    MESSAGE,
    MOVED_TO,
    PLAN,
    RUN,
    SPEC,
    CopiedTable,
)
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite import opening
from sendspec.ledger.sqlite.checked_rows import (
    BYTES,
    NO_BYTES,
    NO_NUMBER,
    NO_TEXT,
    NO_WHOLE,
    NUMBER,
    TEXT,
    WHOLE,
    Kinds,
)
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.ledger.sqlite.send_history import FORMER_TREES
from sendspec.reading.environment import LedgerFile

KINDS: dict[CopiedTable, Kinds] = {
    RUN: (
        WHOLE, NUMBER, NO_NUMBER, WHOLE, TEXT, TEXT, NO_TEXT, NO_WHOLE, NO_NUMBER, NO_BYTES, NO_TEXT, NO_TEXT, NO_TEXT,
    ),
    SPEC: (
        WHOLE, TEXT, WHOLE, TEXT, WHOLE, BYTES, WHOLE, WHOLE, NO_TEXT, NO_TEXT, NO_TEXT, NO_TEXT, NO_TEXT, NO_NUMBER, NO_TEXT, NO_TEXT,
        NO_TEXT,
    ),
    PLAN: (WHOLE, WHOLE, WHOLE, BYTES, NUMBER, NO_TEXT, NO_TEXT),
    MESSAGE: (
        WHOLE, BYTES, WHOLE, TEXT, BYTES, NO_TEXT, BYTES, TEXT, NO_WHOLE, NO_WHOLE, NO_WHOLE, NO_WHOLE, NO_WHOLE, WHOLE, NO_WHOLE, NO_TEXT,
        NO_WHOLE, NO_TEXT, NUMBER, WHOLE,
    ),
    EVENT: (WHOLE, WHOLE, NUMBER, NO_WHOLE, WHOLE, NO_TEXT, TEXT, NO_TEXT),
    ABSENCE: (WHOLE, WHOLE, NUMBER),
}  # fmt: skip
"""What the columns of the copied tables hold."""
ELSEWHERE = {
    "former_trees": f"(SELECT value FROM meta WHERE name = '{FORMER_TREES}' || number)",
    "halt": "NULL",
}
"""Columns that this kind of ledger keeps in another way, or not at all."""


class FileSource(SqliteLedger):
    """Satisfies `copy_protocol.CopySource`. The run lock keeps runs out."""

    @property
    def created_at(self) -> float:
        return float(self._value("SELECT value FROM meta WHERE name = 'created_at'"))

    def prepare(self, owner: RunOwner, *, now: float) -> None:
        """Has a run begin and end: it imports what dead ones spilled, and puts into doubt what they were sending.

        It also makes a backup from before older than the ledger's mirror says, so that it can't be mistaken for the ledger.
        """
        self.begin(owner, now=now)
        self.end(now=now, ending="copied", requests=0)

    def copied_rows(self, table: CopiedTable) -> Iterator[tuple[Any, ...]]:
        columns = ", ".join(ELSEWHERE.get(column, column) for column in table.columns)
        return self._typed(KINDS[table], f"SELECT {columns} FROM {table.name} ORDER BY {table.order}")

    def mark_moved(self, to: str, copy: str) -> None:
        with self._transaction():
            self._check_fence()
            self._connection.executemany(
                "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [(MOVED_TO, to), (COPY, copy)]
            )


@contextmanager
def hold_source_file(
    place: LedgerFile, identity: LedgerIdentity, owner: RunOwner, *, since: str, tell: Callable[[str], None]
) -> Iterator[FileSource]:
    """The ledger of this identity, locked and checked."""
    if not opening.ledger_is_there(place.file):
        raise LedgerMissing(f"there is no ledger {place.file}", "name the file that holds it")
    lock = take_lock(place.file, owner, since=since)
    try:
        ledger = opening.open_as(
            FileSource,
            place.file,
            identity.ledger,
            salt=identity.salt,
            tell=tell,
            still_mine=lock.still_mine,
        )
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        lock.release()
