"""Writing durably: transactions that are whole or nothing, checkpoints of our own, and no second try after a failed sync."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.migration import migrate
from sendspec.ledger.sqlite.progress_mirror import mirror_moves
from sendspec.ledger.sqlite.reader import KeyedDigest
from sendspec.ledger.sqlite.schema_check import QueryLimit
from sendspec.ledger.sqlite.send_history import SendHistory

Connect = Callable[[str], Any]
"""Opens a connection to a path; an argument, so that the same ledger can run on a file system made for tests."""

MOVES_BETWEEN_CHECKPOINTS = 4_000


class LedgerWriter(SendHistory):
    """A connection that a claim may be trusted to. Its transactions need a run begun, but the one that begins it."""

    def __init__(
        self,
        connection: Any,
        path: str,
        keyed: KeyedDigest | None = None,
        *,
        guard: Connect | None = None,
        limit: QueryLimit | None = None,
    ) -> None:
        """`guard` opens a second connection that only reads; None for a ledger that is only read itself."""
        super().__init__(connection, path, keyed, limit=limit)
        self._guard = guard
        self._run: int | None = None
        self._epoch: int | None = None
        self._id = ""
        self._claimed_at: dict[int, float] = {}
        self._checkpointed = 0
        self._clock_offset: float | None = None
        self._broken = self._closed = False

    def migrate(self) -> None:
        """Brings a ledger of an older version to this one. Only for who holds the run lock."""
        try:
            migrate(self._connection)
        except sqlite3.Error as error:
            self._broken = True
            raise trouble_of(self.path, error) from error
        self._look()

    def close(self) -> None:
        """Raises `LedgerUnwritable` when the last checkpoint fails: nothing is lost, but the disk is not well."""
        if self._guard is None or self._closed or os.getpid() != self._pid:
            super().close()
            return
        try:
            if not self._broken:
                self._checkpoint()
        finally:
            self._leave()

    def abandon(self) -> None:
        """Closes without another write: for a ledger that isn't what it should be."""
        self._broken = True
        self._leave()

    def _leave(self) -> None:
        """Closes. SQLite makes a checkpoint as the last connection closes, and syncs; after a failed sync there must be no
        second one (it can report success for pages that are lost), and while another connection reads, there is none.
        """
        guard = None
        if self._broken and self._guard is not None:
            with suppress(sqlite3.Error):
                guard = self._guard(self.path)
                guard.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()
        self._closed = True
        self._connection.close()
        if guard is not None:
            guard.close()
        if self._guard is None and self._when_closed is not None:
            self._when_closed()

    def _checkpoint(self) -> None:
        """Brings the WAL into the ledger's own file. SQLite's own checkpoints keep a failed sync to themselves."""
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
                "the ledger could not be written before", "look at the disk, then run the command again"
            )
        self._check_process()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # After a write that failed the file's state is not known: no second try, the next start checks it.
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
