"""Durable transactions: whole or nothing, with checkpoints of our own, and no second try after a failed sync."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.sqlite.connection import connect_to_read
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.migration import migrate
from sendspec.ledger.sqlite.open_ledger import KeyedDigest
from sendspec.ledger.sqlite.progress_mirror import mirror_moves
from sendspec.ledger.sqlite.query_limit import QueryLimit
from sendspec.ledger.sqlite.reader import SqliteReader

MOVES_BETWEEN_CHECKPOINTS = 4_000


class LedgerWriter(SqliteReader):
    """A ledger on a connection that syncs each commit. Every transaction but the one in `begin` needs a run begun."""

    def __init__(
        self,
        connection: Any,
        path: str,
        keyed: KeyedDigest | None = None,
        *,
        limit: QueryLimit | None = None,
        still_mine: Callable[[], bool] = lambda: True,
    ) -> None:
        """`still_mine` asks the run lock, which the caller holds."""
        super().__init__(connection, path, keyed, limit=limit)
        self._still_mine = still_mine
        self._run: int | None = None
        self._epoch: int | None = None
        self._id = ""
        self._claimed_at: dict[int, float] = {}
        self._checkpointed = 0
        self._clock_offset: float | None = None
        self._broken = self._closed = False

    def migrate(self) -> None:
        """Migrates a ledger of an older version to this one. Only for the owner of the run lock."""
        try:
            migrate(self._connection)
        except sqlite3.Error as error:
            self._broken = True
            raise trouble_of(self.path, error) from error
        self._read_version()

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Nobody else writes."""
        yield

    def close(self) -> None:
        """Raises `LedgerUnwritable` when the last checkpoint fails: nothing is lost, but the disk needs a look."""
        if self._closed or os.getpid() != self._pid:
            super().close()
            return
        try:
            if not self._broken:
                self._checkpoint()
        finally:
            self._leave()

    def abandon(self) -> None:
        """Closes without another write: for a ledger that can't be trusted."""
        self._broken = True
        self._leave()

    def _leave(self) -> None:
        """Closes the connection; after a failed sync, without the checkpoint that SQLite makes as the last one closes.

        A second sync can report success for pages that are lost. While another connection reads, SQLite makes none.
        """
        guard = None
        if self._broken:
            with suppress(sqlite3.Error):
                guard = connect_to_read(self.path)
                guard.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()
        self._closed = True
        self._connection.close()
        if guard is not None:
            guard.close()

    def _checkpoint(self) -> None:
        """Copies the WAL into the ledger's file. SQLite's automatic checkpoints would hide a failed sync."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._broken = True
            raise trouble_of(self.path, error) from error

    def _note(self) -> None:
        moves = self.moves
        mirror_moves(Path(self.path), self._epoch or 0, moves)
        if moves - self._checkpointed >= MOVES_BETWEEN_CHECKPOINTS:
            self._checkpointed = moves
            self._checkpoint()

    def _check_fence(self) -> None:
        if self.epoch != self._epoch:
            raise LedgerTrouble("another run has taken over the ledger", "wait for it, then run the command again")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._broken:
            raise LedgerUnwritable(
                "the ledger could not be written before", "check the disk, then run the command again"
            )
        self._check_process()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # After a failed write the file's state is unknown: don't try again, the next start checks it.
            self._roll_back()
            self._broken = True
            raise trouble_of(self.path, error) from error
        except (LedgerUnwritable, LedgerDamaged):
            self._roll_back()
            self._broken = True
            raise
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        self._claimed_at.clear()
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._broken = True

    def _execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._connection.execute(sql, parameters)
