"""The ledger on SQLite: one writing connection, compare-and-set moves, one durable commit for many messages."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from runner.errors import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from runner.ledger.epoch import note_moves, write_epoch
from runner.ledger.fault import trouble_of
from runner.ledger.reader import LedgerReader
from runner.ledger.record import Change, PlannedRecord, RunOwner, Settlement, SpecIdentity
from runner.ledger.state import SETTLED_FROM_SENDING, Move
from runner.ledger.statement import (
    CLAIM,
    CLAIM_EVENT,
    MOVE,
    MOVE_EVENT,
    PLAN,
    RECOVER,
    RECOVER_EVENT,
    REPLAN,
    SETTLE,
    SETTLE_EVENT,
)
from runner.planning.fact import State

Connect = Callable[[str], Any]
"""Opens a connection to a path; an argument, so that the same ledger can run on a file system made for tests."""

BLOCK = 20_000
"""Rows inserted at once, sorted: SQLite fills its pages in order, which is a third faster."""
BYTES_A_MESSAGE = 320
"""What one takes on disk, measured: 135 planned and as much in the WAL, about 300 when it is settled."""
EVIDENCE_MOST = 1_000
MOVES_BETWEEN_CHECKPOINTS = 4_000


class SqliteLedger(LedgerReader):
    """An open ledger. The moves need a connection opened to write, and a run begun."""

    def __init__(self, connection: Any, path: str, *, guard: Connect | None = None) -> None:
        """`guard` opens a second connection that only reads; None for a ledger that is only read itself."""
        super().__init__(connection, path)
        self._guard = guard
        self._run: int | None = None
        self._epoch: int | None = None
        self._started: set[int] = set()
        self._checkpointed = 0
        self._broken = self._closed = False

    def begin(self, owner: RunOwner, *, now: float) -> tuple[int, int]:
        """Begins a run: a new epoch, and every message of a dead owner in doubt. Returns the run's number and how many those are.

        Only for who holds the run lock: that is what proves the other owners dead.
        """
        with self._transaction():
            epoch = self.epoch + 1
            self._execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (epoch,))
            run = self._execute(
                "INSERT INTO run (epoch, started_at, pid, host, command) VALUES (?, ?, ?, ?, ?)",
                (epoch, now, owner.pid, owner.host, owner.command),
            ).lastrowid
            self._execute(RECOVER_EVENT, (now, run))
            recovered = self._execute(RECOVER, (now,)).rowcount
        self._run, self._epoch, self._checkpointed = run, epoch, self.moves
        write_epoch(Path(self.path), epoch, self._checkpointed)
        return run, recovered

    def put_planned(
        self, identity: SpecIdentity, records: Iterable[PlannedRecord], plan_digest: bytes, *, now: float
    ) -> int:
        """Writes every message of a plan as planned: all or nothing. Returns how many there are.

        What is planned already takes the new payload, unless any message of the send was ever claimed: then it is on hold.
        """
        stream = iter(records)
        count = 0
        try:
            with self._transaction():
                self._check_fence()
                replaces = not self.claimed_before(identity.name, identity.generation)
                spec = self._put_spec(identity, plan_digest)
                while block := list(islice(stream, BLOCK)):
                    block.sort(key=lambda record: record.id)
                    rows = ((r.id, spec, r.digest, r.reference, r.receiver, r.masked, now, replaces) for r in block)
                    count += len(block)
                    self._connection.executemany(PLAN, rows)
                self._put_count(spec, count, plan_digest, now)
        except LedgerUnwritable as trouble:
            if getattr(trouble.__cause__, "sqlite_errorname", "") != "SQLITE_FULL":
                raise
            megabytes = (count + sum(1 for _ in stream)) * BYTES_A_MESSAGE // 1_000_000 + 1
            fix = f"make room for about {megabytes} MB beside {self.path}, then run the command again"
            raise LedgerUnwritable(trouble.problem, fix) from trouble
        self._checkpoint()
        return count

    def _put_spec(self, identity: SpecIdentity, plan_digest: bytes) -> int:
        self._execute(
            "INSERT INTO spec (name, generation, path, messages, plan_digest) VALUES (?, ?, ?, 0, ?)"
            " ON CONFLICT (name, generation) DO UPDATE SET path = excluded.path, plan_digest = excluded.plan_digest",
            (identity.name, identity.generation, identity.path, plan_digest),
        )
        of_the_send = (identity.name, identity.generation)
        return int(self._rows("SELECT number FROM spec WHERE name = ? AND generation = ?", of_the_send)[0][0])

    def _put_count(self, spec: int, count: int, plan_digest: bytes, now: float) -> None:
        self._execute(
            "UPDATE spec SET messages = (SELECT count(*) FROM message WHERE spec = ?1) WHERE number = ?1", (spec,)
        )
        self._execute(
            "INSERT OR REPLACE INTO plan (run, spec, messages, digest, at) VALUES (?, ?, ?, ?, ?)",
            (self._run, spec, count, plan_digest, now),
        )

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[bytes], now: float) -> dict[bytes, int]:
        """Results in, next claims out: one durable commit. Returns the attempt's number for each id that was won.

        Both are compare-and-set. A claim that is lost is left out; a settlement that is lost means that somebody else moved
        a message of ours, and raises.
        """
        with self._transaction():
            self._check_fence()
            self._settle(settle, now)
            won = self._claim(claim, now)
        self._note()
        return won

    def _settle(self, settlements: Sequence[Settlement], now: float) -> None:
        if not settlements:
            return
        if not all(settlement.to in SETTLED_FROM_SENDING for settlement in settlements):
            raise AssertionError("a settlement leads to a state that sending has no move to")
        rows = [
            (s.to.value, _text(s.remote_id), s.http_status, _text(s.evidence), now, s.id, s.attempt, self._run)
            for s in settlements
        ]
        self._move_all(SETTLE, rows)
        self._connection.executemany(SETTLE_EVENT, rows)

    def _claim(self, ids: Sequence[bytes], now: float) -> dict[bytes, int]:
        if not ids:
            return {}
        marks = ",".join("?" * len(ids))
        planned = self._rows(f"SELECT id, attempt, spec FROM message WHERE id IN ({marks}) AND state = 'planned'", ids)
        started = {spec for _, _, spec in planned} - self._started
        self._connection.executemany("UPDATE spec SET claimed = 1 WHERE number = ?", [(spec,) for spec in started])
        self._started |= started
        rows = [(self._run, now, identity) for identity, _, _ in planned]
        self._move_all(CLAIM, rows)
        self._connection.executemany(CLAIM_EVENT, rows)
        return {identity: attempt + 1 for identity, attempt, _ in planned}

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        """Moves messages outside of their attempt, all or none: by reconciling, or on a person's word.

        Raises `LedgerTrouble` when a message is not in the state, or not in the attempt, that the change was decided on.
        """
        if by.origin in (State.PLANNED, State.SENDING) or not all(c.to in by.targets and c.reason for c in changes):
            raise AssertionError(f"'{by.name}' is no such move, or has no reason")
        replanned = [
            (p.digest, p.reference, p.receiver, p.masked, c.id, by.origin.value, c.attempt)
            for c in changes
            if (p := c.planned) is not None
        ]
        rows = [
            (c.to.value, _text(c.remote_id), _text(c.reason), now, c.id, by.origin.value, c.attempt, self._run)
            for c in changes
        ]
        with self._transaction():
            self._check_fence()
            self._connection.executemany(REPLAN, replanned)
            self._move_all(MOVE, [row[:7] for row in rows])
            self._connection.executemany(MOVE_EVENT, rows)
        self._note()

    def _move_all(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Compare and set, for each row: one that changes nothing was moved by somebody else."""
        changed = self._connection.executemany(sql, rows).rowcount if rows else 0
        if changed != len(rows):
            raise LedgerTrouble(
                f"{len(rows) - changed} messages of this run were moved by somebody else",
                "look at them with `sendspec status --messages`",
            )

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record; the messages were settled as they came."""
        with self._transaction():
            self._execute(
                "UPDATE run SET ended_at = ?, ending = ?, requests = ? WHERE number = ?",
                (now, ending, requests, self._run),
            )

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

    def _checkpoint(self) -> None:
        """Brings the WAL into the ledger's own file. SQLite's own checkpoints keep a failed sync to themselves."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._broken = True
            raise trouble_of(self.path, error) from error

    def _note(self) -> None:
        moves = self.moves
        note_moves(Path(self.path), self._epoch or 0, moves)
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
        self._started.clear()
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._broken = True

    def _execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._connection.execute(sql, parameters)


def _text(words: str | None) -> str | None:
    """Text from outside as SQLite takes it: JSON can hold half a surrogate pair, UTF-8 can't."""
    return None if words is None else words[:EVIDENCE_MOST].encode("utf-8", "backslashreplace").decode()
