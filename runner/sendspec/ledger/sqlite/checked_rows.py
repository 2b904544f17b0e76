"""An open SQLite file of ours: its connection, and rows whose values are checked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, ClassVar, TypeAlias

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger.moment import is_moment
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.query_limit import QueryLimit

TEXT, BYTES, WHOLE, NUMBER = str, bytes, int, (int, float)
NO_TEXT, NO_BYTES, NO_WHOLE, NO_NUMBER = (
    (str, type(None)),
    (bytes, type(None)),
    (int, type(None)),
    (int, float, type(None)),
)
"""What a column holds; the last four may be NULL. SQLite permits a value of any kind in any column."""
CHECKED_AT_ONCE = 256
Kinds: TypeAlias = tuple[type | tuple[type, ...], ...]


class CheckedRows:
    """Belongs to the process that opened it: SQLite's locks don't survive a fork."""

    called: ClassVar[str] = "the ledger"
    """What errors call the file."""

    def __init__(self, connection: Any, path: str, *, limit: QueryLimit | None = None) -> None:
        """`limit` bounds the connection's queries; None: unbounded."""
        self._connection = connection
        self._limit = limit
        self._when_closed: Callable[[], None] | None = None
        self.path = path
        self._pid = os.getpid()

    def remove_query_limit(self) -> None:
        """Removes the limit on queries, once every page was checked."""
        self._limit = None
        self._connection.set_progress_handler(None, 0)

    def _begin_query(self) -> None:
        """What follows is a query of its own, however many came before."""
        if self._limit is not None:
            self._limit.begin()

    def when_closed(self, tidy: Callable[[], None]) -> None:
        """Has `tidy` called after the connection is closed."""
        self._when_closed = tidy

    def close(self) -> None:
        """Safe to call twice. Does nothing in a process forked from the one that opened it."""
        if os.getpid() == self._pid:
            self._connection.close()
            if self._when_closed is not None:
                self._when_closed()

    def abandon(self) -> None:
        """Closes a file that can't be trusted, without another write."""
        self.close()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise LedgerTrouble(f"{self.called} belongs to process {self._pid}", "open it again in this process")

    def _typed(self, kinds: Kinds, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows whose columns are of these kinds, and whose numbers are valid moments. Raises `LedgerDamaged` at any other."""
        numbers = [column for column, kind in enumerate(kinds) if kind in (NUMBER, NO_NUMBER)]
        types = [set(kind) if isinstance(kind, tuple) else {kind} for kind in kinds]
        for block in self._blocks_of(sql, parameters):  # column by column: row by row takes three times as long
            columns = list(zip(*block, strict=True))
            if not all(set(map(type, column)) <= kind for column, kind in zip(columns, types, strict=True)):
                raise self._damaged("a value is of another kind than its column")
            for moments in (columns[number] for number in numbers):
                if not all(moment is None or is_moment(moment) for moment in set(moments)):
                    raise self._damaged("a value is of another kind than its column")
            yield from block

    def _damaged(self, what: str) -> LedgerDamaged:
        return LedgerDamaged(f"{self.called} {self.path} is damaged: {what}", "restore it from a backup")

    def _stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows as SQLite finds them. Damage shows when its page is reached, not when the query starts."""
        with self._query():
            # not `yield from`: an unread rest would close its cursor, after the database was closed
            for row in self._connection.execute(sql, parameters):  # noqa: UP028
                yield row

    def _blocks_of(self, sql: str, parameters: Sequence[Any]) -> Iterator[list[Any]]:
        """The same, many rows at a time."""
        with self._query():
            rows = iter(self._connection.execute(sql, parameters))
            while block := list(islice(rows, CHECKED_AT_ONCE)):
                yield block

    @contextmanager
    def _query(self) -> Iterator[None]:
        """Counts the query of the `with` block by itself, and raises what goes wrong there as errors about the file."""
        self._check_process()
        self._begin_query()
        try:
            yield
        except sqlite3.Error as error:
            if str(error).startswith("Could not decode"):  # Python's own message quotes the text
                raise self._damaged("a text is no UTF-8") from None
            raise trouble_of(self.path, error, self.called) from error

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with self._query():
            return list(self._connection.execute(sql, parameters))

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
