"""`<ledger>.delivery`, opened to write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import DeliveriesBusy, LedgerTrouble
from sendspec.ledger.copied_table import MOVED_TO
from sendspec.ledger.delivery.blocks import added_to, as_delivery, blocks_of
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import (
    kept_interaction,
    kept_moment,
    kept_pending,
    kept_signal,
    kept_text,
    to_milliseconds,
)
from sendspec.ledger.delivery.masked_text import masked_text
from sendspec.ledger.delivery.observation import Delivery, Observation
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.ledger.delivery.protocol import PendingReport, ReplacedSignals, Written
from sendspec.ledger.delivery.sqlite.reader import SqliteDeliveryFacts
from sendspec.ledger.delivery.sqlite.tables import ENDING
from sendspec.ledger.delivery.stored_row import (
    delivery_values,
    interaction_values,
    lost_values,
    pending_values,
    signal_values,
)
from sendspec.ledger.place import moved_trouble
from sendspec.ledger.sqlite.connection import BUSY_SECONDS
from sendspec.ledger.sqlite.durable_rows import DurableRows
from sendspec.ledger.sqlite.opt_out_mirror import read_opt_out_mirror, write_opt_out_mirror
from sendspec.ledger.sqlite.query_limit import QueryLimit

BLOCKS_BETWEEN_CHECKPOINTS = 8
BEGIN_MILLISECONDS, BEGIN_TRIES = 10, 1_500
"""How long one try to begin waits for another process, and how many there are: some 15 seconds together."""

SIGNAL = """INSERT OR IGNORE INTO opt_out (receiver, kind, ground, at, channel, evidence, noted_at, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
LOST_SIGNALS = "INSERT INTO opt_out VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteDeliveryStore(DurableRows, SqliteDeliveryFacts):
    """Satisfies `protocol.DeliveryStore`. Several processes have it open at once; SQLite's own lock is held for a block only."""

    def __init__(
        self, connection: Any, path: str, *, limit: QueryLimit | None = None, tries: int = BEGIN_TRIES
    ) -> None:
        super().__init__(connection, path, limit=limit)
        self._tries = tries
        self._was = _file_at(path)
        self._blocks = 0

    @property
    def _ledger(self) -> Path:
        return Path(self.path.removesuffix(ENDING))

    def observe(self, observations: Iterable[Observation]) -> Written:
        return self.put_deliveries(map(as_delivery, observations))

    def put_deliveries(self, deliveries: Iterable[tuple[bytes, Delivery]]) -> Written:
        done = Written()
        for block in blocks_of(deliveries):
            with self._transaction():
                known = self.deliveries(sorted({message for message, _ in block}))
                fresh, written = added_to(known, block)
                if fresh:
                    self._write_deliveries(fresh)
                done += written
            self._note_block()
        return done

    def _write_deliveries(self, fresh: Mapping[bytes, Delivery]) -> None:
        number = self._word_numbers()
        rows = []
        for message, delivery in sorted(fresh.items()):
            status, source, at, seen_at, changed, parts, reason, checksum = delivery_values(message, delivery)
            reason_number = None if reason is None else number(reason)
            rows.append((message, number(status), source, at, seen_at, changed, parts, reason_number, checksum))
        self._connection.executemany("INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def put_interactions(self, interactions: Iterable[Interaction]) -> Written:
        done = Written()
        for block in blocks_of(map(kept_interaction, interactions)):
            with self._transaction():
                number, rows = self._word_numbers(), []
                for one in block:
                    message, kind, *rest = interaction_values(one)
                    rows.append((one.id, message, number(kind), *rest))
                done += self._put("INSERT OR IGNORE INTO interaction VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._note_block()
        return done

    def put_signals(self, signals: Iterable[OptOutSignal]) -> Written:
        done = Written()
        for block in blocks_of(map(kept_signal, signals)):
            with self._transaction():
                done += self._put(SIGNAL, [signal_values(signal) for signal in block])
            self._note_block()
        if done.added or done.known:
            self._mirror_count()
        return done

    def replace_lost(self, signals: Iterable[OptOutSignal], *, noted: int, reason: str, now: float) -> ReplacedSignals:
        rows = [signal_values(kept_signal(signal)) for signal in signals]
        noted = max(noted, read_opt_out_mirror(self._ledger))
        with self._transaction():
            lost = max(noted - self.signal_count, 0)
            if lost:
                self._connection.execute(
                    LOST_SIGNALS, (noted, *lost_values(kept_text(masked_text(reason)), kept_moment(now)))
                )
            written = self._put(SIGNAL, rows)
        self._mirror_count()
        return ReplacedSignals(lost, written)

    def _mirror_count(self) -> None:
        """In a transaction of its own, so that of two processes the later one writes the higher count."""
        if self.signal_count > read_opt_out_mirror(self._ledger):
            with self._transaction():
                write_opt_out_mirror(self._ledger, self.signal_count)

    def put_pending(self, reports: Iterable[PendingReport]) -> None:
        for block in blocks_of(map(kept_pending, reports)):
            with self._transaction():
                self._put(
                    "INSERT OR IGNORE INTO pending VALUES (?, ?, ?, ?, ?)", [pending_values(one) for one in block]
                )
            self._note_block()

    def drop_pending(self, remote_ids: Iterable[str], *, before: float) -> None:
        for block in blocks_of(remote_ids):
            with self._transaction():
                self._connection.executemany(
                    "DELETE FROM pending WHERE remote_id = ?", [(kept_text(one),) for one in block]
                )
            self._note_block()
        self._delete(
            "pending", "SELECT remote_id, report FROM pending WHERE seen_at < ?", "remote_id = ? AND report = ?", before
        )

    def set_mark(self, name: str, at: float) -> None:
        with self._transaction():
            self._connection.execute(
                "INSERT INTO mark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = max(at, excluded.at)",
                (name, to_milliseconds(at)),
            )

    def purge(self, *, before: float) -> int:
        self._delete("interaction", "SELECT id FROM interaction WHERE at < ?", "id = ?", before)
        return self._delete("delivery", "SELECT message FROM delivery WHERE seen_at < ?", "message = ?", before)

    def _delete(self, table: str, which: str, where: str, before: float) -> int:
        """Deletes rows block by block; `which` finds the keys of those before a moment, `where` is true of the row with a key."""
        deleted = 0
        for block in blocks_of(self._rows(which, (to_milliseconds(before),))):
            with self._transaction():
                deleted += self._connection.executemany(f"DELETE FROM {table} WHERE {where}", block).rowcount
            self._note_block()
        return deleted

    def _put(self, sql: str, rows: Sequence[Sequence[Any]]) -> Written:
        before = self._connection.total_changes
        self._connection.executemany(sql, rows)
        added = self._connection.total_changes - before
        return Written(added=added, known=len(rows) - added)

    def _word_numbers(self) -> Any:
        """Returns a function that gives the number of a word, and stores a new one. For one transaction."""
        numbers: dict[str, int] = {}

        def number(text: str) -> int:
            if text not in numbers:
                self._connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
                numbers[text] = int(self._value("SELECT number FROM word WHERE text = ?", (text,)))
            return numbers[text]

        return number

    def mark_moved(self, to: str) -> None:
        """Durably, and for good: from then on nobody can write to it."""
        if self.moved_to is None:
            with self._transaction():
                self._connection.execute("INSERT INTO meta VALUES (?, ?)", (MOVED_TO, to))

    def _note_block(self) -> None:
        self._blocks += 1
        if self._blocks % BLOCKS_BETWEEN_CHECKPOINTS == 0:
            self._checkpoint()

    def _begin_writing(self) -> None:
        """Raises `LedgerTrouble` if others write all the time, or if the file is gone, and `LedgerMoved` once it was copied."""
        self._begin_query()
        self._connection.execute(f"PRAGMA busy_timeout = {BEGIN_MILLISECONDS}")
        try:
            self._take_turn()
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {1_000 * BUSY_SECONDS}")
        moved_to = self.moved_to
        if moved_to is not None:
            raise moved_trouble(f"{self.called} {self.path}", moved_to)
        if _file_at(self.path) != self._was:
            raise LedgerTrouble(
                f"{self.called} {self.path} was removed or replaced while it was open",
                "bring the latest one back, then run the command again",
            )

    def _take_turn(self) -> None:
        """Asks often and briefly: SQLite's own pauses get so long that a process which writes a lot would always be first."""
        for _ in range(self._tries):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
                    raise
        raise DeliveriesBusy(
            f"other processes have been writing {self.called} {self.path} for too long",
            "wait until they have ended, then try again",
        )


def tries_within(seconds: float) -> int:
    """How many tries to begin take so long."""
    return max(1, round(1_000 * seconds / BEGIN_MILLISECONDS))


def _file_at(path: str) -> tuple[int, int] | None:
    """Device and inode of the file at a path; None if there is none. What is written to a removed file is lost."""
    try:
        there = os.lstat(path)
    except OSError:
        return None
    return there.st_dev, there.st_ino
