"""The ledger on SQLite: one writing connection, compare-and-set moves, one durable commit for many messages."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from runner.errors import LedgerTrouble, LedgerUnwritable
from runner.ledger.record import MessageRecord, PlannedRecord, RunOwner, Settlement, SpecIdentity
from runner.ledger.state import ALLOWED, SETTLED_FROM_SENDING
from runner.ledger.tables import row_checksum
from runner.planning.fact import Fact, State

Connect = Callable[[str], Any]
"""Opens a connection to a path; an argument, so that the same ledger can run on a file system made for tests."""

LOOKUP_MOST = 500
BLOCK = 20_000
"""Rows inserted at once, sorted: SQLite fills its pages in order, which is a third faster."""
EVIDENCE_MOST = 1_000

_CLAIM = """UPDATE message SET state = 'sending', attempt = attempt + 1, run = ?1, updated_at = ?2,
    checksum = row_checksum(id, 'sending', digest, attempt + 1, remote_id) WHERE id = ?3 AND state = 'planned'"""
_CLAIM_EVENT = """INSERT INTO event (message, at, run, attempt, origin, target)
    SELECT id, ?2, ?1, attempt, 'planned', 'sending' FROM message WHERE id = ?3 AND run = ?1 AND state = 'sending'"""
_SETTLE = """UPDATE message SET state = ?1, remote_id = ?2, http_status = ?3, evidence = ?4, updated_at = ?5,
    checksum = row_checksum(id, ?1, digest, attempt, ?2) WHERE id = ?6 AND state = 'sending' AND attempt = ?7 AND run = ?8"""
_SETTLE_EVENT = """INSERT INTO event (message, at, run, attempt, origin, target, evidence) VALUES (?6, ?5, ?8, ?7, 'sending', ?1, ?4)"""
_INSERT = """INSERT INTO message (id, spec, state, digest, reference, receiver, masked, updated_at, checksum)
    VALUES (?1, ?2, 'planned', ?3, ?4, ?5, ?6, ?7, row_checksum(?1, 'planned', ?3, 0, NULL)) ON CONFLICT (id) DO """
_REPLACE = """UPDATE SET digest = excluded.digest, reference = excluded.reference, updated_at = excluded.updated_at,
    checksum = row_checksum(id, state, excluded.digest, attempt, remote_id)
    WHERE state = 'planned' AND digest <> excluded.digest"""
_LOST_OWNER = "the run that was sending it ended without an answer"
_RECOVER = f"""UPDATE message SET state = 'in_doubt', evidence = '{_LOST_OWNER}', updated_at = ?1,
    checksum = row_checksum(id, 'in_doubt', digest, attempt, remote_id) WHERE state = 'sending'"""
_RECOVER_EVENT = f"""INSERT INTO event (message, at, run, attempt, origin, target, evidence)
    SELECT id, ?1, ?2, attempt, 'sending', 'in_doubt', '{_LOST_OWNER}' FROM message WHERE state = 'sending'"""


class SqliteLedger:
    """An open ledger. Reading works on any connection; the moves need one opened to write, and a run begun."""

    def __init__(self, connection: Any, path: str) -> None:
        self._connection = connection
        self.path = path
        self._pid = os.getpid()
        self._run: int | None = None
        self._epoch: int | None = None
        self._spec_to_mark: int | None = None
        self._broken = False
        connection.create_function("row_checksum", 5, row_checksum, deterministic=True)

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def id(self) -> str:
        return str(self._value("SELECT value FROM meta WHERE name = 'id'"))

    @property
    def epoch(self) -> int:
        return int(self._value("SELECT value FROM meta WHERE name = 'epoch'"))

    def facts(self, ids: Sequence[bytes]) -> dict[bytes, Fact]:
        """State and payload digest of those of `ids` that the ledger knows."""
        found: dict[bytes, Fact] = {}
        for start in range(0, len(ids), LOOKUP_MOST):
            window = ids[start : start + LOOKUP_MOST]
            marks = ",".join("?" * len(window))
            rows = self._rows(f"SELECT id, state, digest FROM message WHERE id IN ({marks})", window)
            found.update((identity, Fact(State(state), digest)) for identity, state, digest in rows)
        return found

    def claimed_before(self, name: str, generation: int) -> bool:
        """Whether any message of this send was ever claimed."""
        found = self._rows("SELECT claimed FROM spec WHERE name = ? AND generation = ?", (name, generation)).fetchone()
        return found is not None and bool(found[0])

    def specs(self) -> list[SpecIdentity]:
        """Every send the ledger knows, the newest generation of a name last."""
        rows = self._rows("SELECT name, generation, path FROM spec ORDER BY name, generation")
        return [SpecIdentity(*row) for row in rows]

    def spec_path(self, name: str) -> str | None:
        """Where the newest generation of `name` was read from, relative to the project."""
        row = self._rows("SELECT path FROM spec WHERE name = ? ORDER BY generation DESC LIMIT 1", (name,)).fetchone()
        return None if row is None else str(row[0])

    def states(self, name: str, generation: int) -> dict[State, int]:
        """How many messages of a send are in each state."""
        rows = self._rows(
            "SELECT state, count(*) FROM message WHERE spec = (SELECT number FROM spec WHERE name = ? AND generation = ?) GROUP BY state",
            (name, generation),
        )
        return {State(state): count for state, count in rows}

    def messages(self, states: Sequence[State] = tuple(State)) -> Iterator[MessageRecord]:
        """Every message in one of `states`, by send and id."""
        marks = ",".join("?" * len(states))
        rows = self._rows(
            "SELECT m.id, s.name, s.generation, m.state, m.attempt, m.masked, m.reference, m.remote_id, m.http_status, m.evidence,"
            f" m.updated_at FROM message m JOIN spec s ON s.number = m.spec WHERE m.state IN ({marks}) ORDER BY s.name, s.generation, m.id",
            [state.value for state in states],
        )
        for row in rows:
            yield MessageRecord(
                id=row[0], name=row[1], generation=row[2], state=State(row[3]), attempt=row[4], masked=row[5], reference=row[6],
                remote_id=row[7], http_status=row[8], evidence=row[9], updated_at=row[10],
            )  # fmt: skip

    def damages(self) -> list[str]:
        """What SQLite's own check and the rows' checksums find; empty for a sound ledger."""
        try:
            found = [row[0] for row in self._connection.execute("PRAGMA quick_check(10)") if row[0] != "ok"]
            wrong = self._value(
                "SELECT count(*) FROM message WHERE checksum <> row_checksum(id, state, digest, attempt, remote_id)"
            )
        except (sqlite3.DatabaseError, LedgerTrouble) as error:
            return [str(error)]
        return [*found, *([f"{wrong} messages don't match their checksums"] if wrong else [])]

    def odd_moves(self) -> list[tuple[str | None, str, int]]:
        """Recorded moves that no message may make, with how often they stand there."""
        rows = self._rows("SELECT origin, target, count(*) FROM event GROUP BY origin, target")
        known = {(origin.value, target.value) for origin, target in ALLOWED}
        return [(origin, target, count) for origin, target, count in rows if (origin, target) not in known]

    # ── a run ────────────────────────────────────────────────────────────────────────────────────────────────────

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
            self._execute(_RECOVER_EVENT, (now, run))
            recovered = self._execute(_RECOVER, (now,)).rowcount
        self._run, self._epoch = run, epoch
        return run, recovered

    def put_planned(
        self, identity: SpecIdentity, records: Iterable[PlannedRecord], plan_digest: bytes, *, now: float
    ) -> int:
        """Writes every message of a plan as planned: all or nothing. Returns how many there are.

        What is planned already takes the new payload, unless any message of the send was ever claimed: then it is on hold.
        """
        started = self.claimed_before(identity.name, identity.generation)
        insert = _INSERT + ("NOTHING" if started else _REPLACE)
        count = 0
        with self._transaction():
            spec = self._put_spec(identity, plan_digest)
            stream = iter(records)
            while block := list(islice(stream, BLOCK)):
                block.sort(key=lambda record: record.id)
                rows = ((r.id, spec, r.digest, r.reference, r.receiver, r.masked, now) for r in block)
                self._connection.executemany(insert, rows)
                count += len(block)
            self._execute("UPDATE spec SET messages = ? WHERE number = ?", (count, spec))
        self._spec_to_mark = None if started else spec
        return count

    def _put_spec(self, identity: SpecIdentity, plan_digest: bytes) -> int:
        self._execute(
            "INSERT INTO spec (name, generation, path, messages, plan_digest) VALUES (?, ?, ?, 0, ?)"
            " ON CONFLICT (name, generation) DO UPDATE SET path = excluded.path, plan_digest = excluded.plan_digest",
            (identity.name, identity.generation, identity.path, plan_digest),
        )
        return int(
            self._value(
                "SELECT number FROM spec WHERE name = ? AND generation = ?", (identity.name, identity.generation)
            )
        )

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[bytes], now: float) -> dict[bytes, int]:
        """Results in, next claims out: one durable commit. Returns the attempt's number for each id that was won.

        Both are compare-and-set. A claim that is lost is left out; a settlement that is lost means that somebody else moved
        a message of ours, and raises.
        """
        with self._transaction():
            if self.epoch != self._epoch:
                raise LedgerTrouble("another run has taken over the ledger", "wait for it, then run the command again")
            self._settle(settle, now)
            return self._claim(claim, now)

    def _settle(self, settlements: Sequence[Settlement], now: float) -> None:
        if not settlements:
            return
        if not all(settlement.to in SETTLED_FROM_SENDING for settlement in settlements):
            raise AssertionError("a settlement leads to a state that sending has no move to")
        rows = [
            (
                s.to.value,
                s.remote_id,
                s.http_status,
                s.evidence and s.evidence[:EVIDENCE_MOST],
                now,
                s.id,
                s.attempt,
                self._run,
            )
            for s in settlements
        ]
        changed = self._connection.executemany(_SETTLE, rows).rowcount
        if changed != len(rows):
            raise LedgerTrouble(
                f"{len(rows) - changed} messages of this run were moved by somebody else",
                "look at them with `sendspec status --messages`",
            )
        self._connection.executemany(_SETTLE_EVENT, rows)

    def _claim(self, ids: Sequence[bytes], now: float) -> dict[bytes, int]:
        if not ids:
            return {}
        if self._spec_to_mark is not None:
            self._execute("UPDATE spec SET claimed = 1 WHERE number = ?", (self._spec_to_mark,))
            self._spec_to_mark = None
        marks = ",".join("?" * len(ids))
        planned = self._rows(
            f"SELECT id, attempt FROM message WHERE id IN ({marks}) AND state = 'planned'", ids
        ).fetchall()
        rows = [(self._run, now, identity) for identity, _ in planned]
        if self._connection.executemany(_CLAIM, rows).rowcount != len(rows):
            raise LedgerTrouble("somebody else writes to the ledger", "stop the other run, then run the command again")
        self._connection.executemany(_CLAIM_EVENT, rows)
        return {identity: attempt + 1 for identity, attempt in planned}

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record; the messages were settled as they came."""
        with self._transaction():
            self._execute(
                "UPDATE run SET ended_at = ?, ending = ?, requests = ? WHERE number = ?",
                (now, ending, requests, self._run),
            )

    def close(self) -> None:
        self._connection.close()

    # ── SQL ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._broken:
            raise LedgerUnwritable(
                "the ledger could not be written before", "look at the disk, then run the command again"
            )
        if os.getpid() != self._pid:
            raise LedgerTrouble(f"the ledger belongs to process {self._pid}", "open it anew in this process")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # After a write that failed the file's state is not known: no second try, the next start checks it.
            self._broken = True
            self._roll_back()
            raise unwritable(self.path, error) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._broken = True

    def _execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._connection.execute(sql, parameters)

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.DatabaseError as error:
            raise unwritable(self.path, error) from error

    def _value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._rows(sql, parameters).fetchone()[0]


def unwritable(path: str, error: sqlite3.Error) -> LedgerTrouble:
    """SQLite's error as one of ours: a full disk, a damaged file, a file that can't be written."""
    from runner.errors import LedgerDamaged

    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return LedgerDamaged(
            f"the ledger {path} is damaged: {error}", "restore it from a backup; `sendspec ledger check` tells more"
        )
    if code.startswith("SQLITE_FULL"):
        return LedgerUnwritable(
            f"the disk is full: the ledger {path} can't be written", "make room, then run the command again"
        )
    if code.startswith("SQLITE_READONLY"):
        return LedgerUnwritable(f"the ledger {path} can't be written", "make it and its folder writable for this user")
    return LedgerUnwritable(
        f"the ledger {path} can't be written: {error}", "look at the disk, then run the command again"
    )
