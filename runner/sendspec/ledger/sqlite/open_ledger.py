"""An open ledger file: its connection, its identity and version, and rows whose values are checked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger.moment import is_moment
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.migration import version_of
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress
from sendspec.ledger.sqlite.query_limit import QueryLimit
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.planning.message_state import State

STATE_BY_WORD = {state.value: state for state in State}
TEXT, BYTES, WHOLE, NUMBER = str, bytes, int, (int, float)
NO_TEXT, NO_BYTES, NO_WHOLE, NO_NUMBER = (
    (str, type(None)),
    (bytes, type(None)),
    (int, type(None)),
    (int, float, type(None)),
)
"""What a column holds; the last four may be NULL. SQLite permits a value of any kind in any column."""
Kinds: TypeAlias = tuple[type | tuple[type, ...], ...]
KeyedDigest: TypeAlias = Callable[[bytes], bytes]
"""Turns the plain SHA-256 of an earlier version's ledger into a payload digest."""

MAX_EPOCH = 1 << 62


class OpenLedger:
    """Belongs to the process that opened it: SQLite's locks don't survive a fork."""

    def __init__(
        self, connection: Any, path: str, keyed: KeyedDigest | None = None, *, limit: QueryLimit | None = None
    ) -> None:
        """`keyed` converts the payload digests of an earlier version; a ledger of this version needs none.

        `limit` bounds the connection's queries; None: unbounded.
        """
        self._connection = connection
        self._limit = limit
        self._when_closed: Callable[[], None] | None = None
        self.path = path
        self._pid = os.getpid()
        for arguments in (8, 9):
            connection.create_function("row_checksum", arguments, row_checksum, deterministic=True)
        if keyed is not None:
            connection.create_function("keyed_digest", 1, keyed, deterministic=True)
        self._read_version()

    def _read_version(self) -> None:
        """Chooses the expressions that stand in for columns which an earlier version lacks."""
        self.version = version_of(self._connection)
        self._resend = "resend" if self.version >= 2 else "0"
        self._digest = "digest" if self.version >= 3 else "keyed_digest(digest)"
        self._number = "number" if self.version >= 3 else "id"

    def remove_query_limit(self) -> None:
        """Removes the limit on queries, once every page was checked."""
        self._limit = None
        self._connection.set_progress_handler(None, 0)

    def when_closed(self, tidy: Callable[[], None]) -> None:
        """Has `tidy` called after the connection is closed."""
        self._when_closed = tidy

    @property
    def id(self) -> str:
        return str(self._value("SELECT value FROM meta WHERE name = 'id'"))

    @property
    def salt_check(self) -> str | None:
        """`identity.salt_check_of` the salt that keys this ledger's messages; None where it was not noted."""
        return self._noted("salt_check")

    @property
    def moved_to(self) -> str | None:
        """Where the ledger was copied to; None: it was not."""
        return self._noted("moved_to")

    @property
    def halt(self) -> str | None:
        """A ledger in a file can't be halted: always None."""
        return None

    def _noted(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    @property
    def epoch(self) -> int:
        epoch = self._number_of("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'epoch'")
        if not 0 <= epoch < MAX_EPOCH:
            raise self._damaged("its count of runs is not one that runs can reach")
        return epoch

    @property
    def moves(self) -> int:
        """The number of recorded moves. It only grows: a ledger with fewer than before has lost some."""
        return self._number_of("SELECT coalesce(max(number), 0) FROM event")

    @property
    def progress(self) -> LedgerProgress:
        return LedgerProgress(self.epoch, self.moves)

    def close(self) -> None:
        """Safe to call twice. Does nothing in a process forked from the one that opened it."""
        if os.getpid() == self._pid:
            self._connection.close()
            if self._when_closed is not None:
                self._when_closed()

    def abandon(self) -> None:
        """Closes a ledger that can't be trusted, without another write."""
        self.close()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise LedgerTrouble(f"the ledger belongs to process {self._pid}", "open it again in this process")

    def _state(self, word: str) -> State:
        state = STATE_BY_WORD.get(word)
        if state is None:
            raise LedgerDamaged(
                f"the ledger {self.path} is damaged: a message is in the state {word!r}", "restore it from a backup"
            )
        return state

    def _typed(self, kinds: Kinds, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows whose columns are of these kinds, and whose numbers are valid moments. Raises `LedgerDamaged` at any other."""
        numbers = [column for column, kind in enumerate(kinds) if kind in (NUMBER, NO_NUMBER)]
        for row in self._stream(sql, parameters):
            if not all(map(isinstance, row, kinds)) or not all(
                row[column] is None or is_moment(row[column]) for column in numbers
            ):
                raise self._damaged("a value is of another kind than its column")
            yield row

    def _damaged(self, what: str) -> LedgerDamaged:
        return LedgerDamaged(f"the ledger {self.path} is damaged: {what}", "restore it from a backup")

    def _stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows as SQLite finds them. Damage shows when its page is reached, not when the query starts."""
        self._check_process()
        if self._limit is not None:
            self._limit.begin()
        try:
            # not `yield from`: an unread rest would close its cursor, after the database was closed
            for row in self._connection.execute(sql, parameters):  # noqa: UP028
                yield row
        except sqlite3.Error as error:
            if str(error).startswith("Could not decode"):  # Python's own message quotes the text
                raise self._damaged("a text is no UTF-8") from None
            raise trouble_of(self.path, error) from error

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return list(self._stream(sql, parameters))

    def _value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        rows = self._rows(sql, parameters)
        if not rows:
            raise self._damaged("a note is gone")
        return rows[0][0]

    def _number_of(self, sql: str) -> int:
        number = self._value(sql)
        if not isinstance(number, int):
            raise self._damaged("a value is of another kind than its column")
        return number
