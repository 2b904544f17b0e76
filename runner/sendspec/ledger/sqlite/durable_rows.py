"""Durable transactions: whole or nothing, with checkpoints of our own, and no second try after a failed sync."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerUnwritable
from sendspec.ledger.sqlite.checked_rows import CheckedRows
from sendspec.ledger.sqlite.connection import connect_to_read
from sendspec.ledger.sqlite.error import trouble_of


class DurableRows(CheckedRows):
    """A file of ours on a connection that syncs each commit (`connection.make_durable`)."""

    _broken = _closed = False

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
        """Closes without another write: for a file that can't be trusted."""
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
        """Copies the WAL into the file. SQLite's automatic checkpoints would hide a failed sync."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._broken = True
            raise trouble_of(self.path, error, self.called) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._broken:
            raise LedgerUnwritable(
                f"{self.called} could not be written before", "check the disk, then run the command again"
            )
        self._check_process()
        try:
            self._begin_writing()
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # After a failed write the file's state is unknown: don't try again, the next start checks it.
            self._roll_back()
            self._broken = True
            raise trouble_of(self.path, error, self.called) from error
        except (LedgerUnwritable, LedgerDamaged):
            self._roll_back()
            self._broken = True
            raise
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._broken = True

    def _begin_writing(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
