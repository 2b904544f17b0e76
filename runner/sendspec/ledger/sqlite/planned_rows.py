"""Writes the rows of a plan: many with one statement, and without what SQLite would check of each again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from typing import Any

from sendspec.composing.identity import DIGEST_BYTES, ID_BYTES
from sendspec.ledger.record import PlannedRecord
from sendspec.ledger.sqlite.move_sql import REPLAN_PLANNED
from sendspec.ledger.sqlite.tables import MESSAGE_BY_ID, planned_checksums

PLAN_CACHE_KIB = 16_000
"""SQLite's cache while a plan is written. Its usual 2 MB cost 40 % more at 400,000 messages, 32 MB saved nothing more."""
ROWS_AT_ONCE = 50
"""Rows of one INSERT."""
SORTED_IN_MEMORY = 200_000
"""Messages whose ids are sorted in memory, at 50 bytes each. More are sorted in SQLite's folder for temporary files."""
SORTING_KIB = 4_000
"""SQLite's cache while ids are sorted in files; it sorts as much at once."""
TEMPORARY = ("/var/tmp", "/usr/tmp", "/tmp")
"""Where SQLite makes its temporary files, after `SQLITE_TMPDIR` and `TMPDIR`. If it can write none of them, it would take the current folder."""
NO_ROOM = ("SQLITE_FULL", "SQLITE_CANTOPEN")
"""Errors of a temporary file after which the transaction goes on: no space for its content, or none for one more file."""
_USUAL_CHECKS = ("PRAGMA foreign_keys = ON", "PRAGMA ignore_check_constraints = OFF", "PRAGMA temp_store = DEFAULT")


class PlannedRows:
    """The rows of one send's plan, within one transaction. Use it inside `bulk_writing`."""

    def __init__(
        self, connection: Any, spec: int, now: float, *, replaces: bool, sorted_in_memory: int = SORTED_IN_MEMORY
    ) -> None:
        """`spec` is the number of a row in `spec`. `replaces`: a message already planned takes another payload too."""
        self._connection = connection
        self._spec = spec
        self._now = now
        self._replaces = replaces
        self._sorted_in_memory = sorted_in_memory
        self._written = 0
        self._has_index = True

    def drop_index(self) -> None:
        """Leaves the index by id to `make_index`, which sorts the ids first. Only while there is no message in the ledger.

        No id may then come twice in the plan.
        """
        self._connection.execute("DROP INDEX message_by_id")
        self._has_index = False

    def make_index(self) -> None:
        """Makes the index again if it was dropped. Raises `sqlite3.IntegrityError` if an id came twice."""
        if self._has_index:
            return
        if self._written <= self._sorted_in_memory or not any(os.access(each, os.W_OK | os.X_OK) for each in TEMPORARY):
            self._connection.execute(MESSAGE_BY_ID)
        else:
            self._make_index_by_files()
        self._has_index = True

    def _make_index_by_files(self) -> None:
        """In memory after all, if the folder for temporary files has no room: only the statement is undone then.

        Other errors of that folder, such as a quota, end the transaction: SQLite has rolled it back.
        """
        self._connection.execute(f"PRAGMA cache_size = -{SORTING_KIB}")
        self._connection.execute("PRAGMA temp_store = FILE")
        try:
            self._connection.execute(MESSAGE_BY_ID)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in NO_ROOM or not self._connection.in_transaction:
                raise
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute(MESSAGE_BY_ID)

    def put(self, block: Sequence[PlannedRecord]) -> int:
        """Returns the count of the messages that were added or replaced."""
        values: dict[str, Sequence[Any]] = dict(zip(PlannedRecord._fields, zip(*block, strict=True), strict=True))
        _check_lengths(values)
        present = {name: column for name, column in values.items() if column.count(None) < len(block)}
        present["checksum"] = planned_checksums(
            self._spec, values["id"], values["digest"], values["reference"], values["receiver"]
        )
        for name in ("id", "digest", "receiver"):
            # Python binds a bytearray as it is, but looks for an adapter for each `bytes` and each None, which takes as long as the row
            present[name] = tuple(map(bytearray, present[name]))
        rows = list(zip(*present.values(), strict=True))
        groups = [rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE)]
        fixed = [self._spec, self._now, self._replaces][: 3 if self._has_index else 2]
        before = self._written
        for count, same in groupby(groups, len):
            statement = _insert(list(present), count, may_meet_others=self._has_index)
            parameters = [[*fixed, *chain.from_iterable(each)] for each in same]
            self._written += self._connection.executemany(statement, parameters).rowcount
        return self._written - before


@contextmanager
def bulk_writing(connection: Any) -> Iterator[None]:
    """Sets the connection up to write many planned rows. Enter it outside of a transaction.

    More pages are kept in memory: ids are spread over all of the index, whose pages would be written and read again and again. What
    undoes one statement is kept there too, and not in the folder for temporary files, which may have no room. SQLite doesn't check
    each row, which took a third of the time: `PlannedRows` writes one spec, one state, and values whose lengths it has checked.
    """
    usual = int(connection.execute("PRAGMA cache_size").fetchone()[0])
    try:
        connection.execute(f"PRAGMA cache_size = -{PLAN_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        yield
    finally:
        # none of them reads or writes the file, so they work after a failed write too
        for statement in (*_USUAL_CHECKS, f"PRAGMA cache_size = {usual}"):
            connection.execute(statement)


def _check_lengths(values: Mapping[str, Sequence[Any]]) -> None:
    """Raises what SQLite would raise for an id or a digest of another length."""
    for name, length in (("id", ID_BYTES), ("digest", DIGEST_BYTES)):
        if set(map(len, values[name])) != {length}:
            raise sqlite3.IntegrityError(f"CHECK constraint failed: length({name}) = {length}")


def _insert(columns: Sequence[str], count: int, *, may_meet_others: bool) -> str:
    """The statement that plans so many messages at once, at half the cost of one at a time.

    ?1 is the spec's number, ?2 the moment; ?3 is that of `REPLAN_PLANNED`, if the messages may meet others of the same id. The values
    of `columns` follow, message by message.
    """
    width, first = len(columns), 4 if may_meet_others else 3
    starts = range(first, first + count * width, width)
    values = (", ".join(f"?{at}" for at in range(start, start + width)) for start in starts)
    rows = ", ".join(f"(?1, 'planned', ?2, {each})" for each in values)
    insert = f"INSERT INTO message (spec, state, updated_at, {', '.join(columns)}) VALUES {rows}"
    return f"{insert} {REPLAN_PLANNED}" if may_meet_others else insert
