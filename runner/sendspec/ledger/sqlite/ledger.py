"""The ledger on SQLite: one writing connection, compare-and-set moves, one durable commit for many messages."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble, LedgerUnwritable
from sendspec.ledger.record import (
    Begun,
    Change,
    Claim,
    Exchanged,
    Lost,
    PlannedRecord,
    Route,
    RunOwner,
    Settlement,
    SpecIdentity,
)
from sendspec.ledger.sqlite.move_sql import (
    ABSENT,
    BURN,
    CLAIM,
    CLAIM_EVENT,
    MOVE,
    MOVE_EVENT,
    PLAN,
    PURGE,
    PURGE_EVENTS,
    RECOVER,
    RECOVER_EVENT,
    REPLAN,
    SETTLE,
    SETTLE_EVENT,
)
from sendspec.ledger.sqlite.progress_mirror import write_mirror
from sendspec.ledger.sqlite.send_history import FORMER_TREES
from sendspec.ledger.sqlite.spill_file import clear_spill, prepare_spill, read_spill, write_spill
from sendspec.ledger.sqlite.writer import Connect, LedgerWriter
from sendspec.planning.message_state import SETTLED_FROM_SENDING, Move, State

__all__ = ["Connect", "SqliteLedger"]

BLOCK = 20_000
"""Rows inserted at once."""
BYTES_A_MESSAGE = 320
"""What one takes on disk, measured: 135 planned and as much in the WAL, about 300 when it is settled."""
MAX_EVIDENCE = 1_000
CLAIMED_AT_EVERY = 60.0
"""Seconds between two notes of when a send has claimed."""


class SqliteLedger(LedgerWriter):
    """An open ledger. The moves need a connection opened to write, and a run begun."""

    def begin(self, owner: RunOwner, *, now: float) -> Begun:
        """Begins a run: a new epoch, and every message of a dead owner in doubt.

        Only for who holds the run lock: that is what proves the other owners dead. Results that an earlier run could not write
        are read in first.
        """
        self._id = self.id
        spilled = read_spill(Path(self.path), self._id)
        with self._transaction():
            for one in spilled:
                row = (*_settled(one.settlement, now), one.run)
                if self._execute(SETTLE, row).rowcount:
                    self._execute(SETTLE_EVENT, row)
            epoch = self.epoch + 1
            self._execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (epoch,))
            run = self._execute(
                "INSERT INTO run (epoch, started_at, pid, host, command) VALUES (?, ?, ?, ?, ?)",
                (epoch, now, owner.pid, owner.host, owner.command),
            ).lastrowid
            self._execute(RECOVER_EVENT, (now, run))
            recovered = self._execute(RECOVER, (now,)).rowcount
        self._run, self._epoch, self._checkpointed = run, epoch, self.moves
        write_mirror(Path(self.path), epoch, self._checkpointed)
        if spilled:
            clear_spill(Path(self.path))
        prepare_spill(Path(self.path))
        return Begun(run, recovered)

    def note_clock(self, offset: float) -> None:
        """From now on it is known by how many seconds the API's clock is ahead of this machine's.

        Before, claims don't note when they were made: a message's first claim is only of use by the API's clock.
        """
        with self._transaction():
            self._check_fence()
            self._execute("UPDATE run SET clock_offset = ? WHERE number = ?", (offset, self._run))
        self._clock_offset = offset

    def put_planned(
        self,
        identity: SpecIdentity,
        records: Iterable[PlannedRecord],
        plan_digest: bytes,
        *,
        now: float,
        route: Route | None = None,
    ) -> int:
        """Writes every message of a plan as planned, in its order: all or nothing. Returns how many there are.

        What is planned already takes the new payload, unless any message of the send was ever claimed: then it is on hold.
        Where `records` raises, nothing is written.
        """
        stream = iter(records)
        count = 0
        try:
            with self._transaction():
                self._check_fence()
                replaces = not self.claimed_before(identity.name, identity.generation)
                spec = self._put_spec(identity, plan_digest)
                while block := list(islice(stream, BLOCK)):
                    count += len(block)
                    self._connection.executemany(
                        PLAN,
                        [
                            (
                                r.id,
                                spec,
                                r.digest,
                                r.reference,
                                r.receiver,
                                r.masked,
                                now,
                                replaces,
                                r.line,
                                r.size,
                                r.scheduled_for,
                            )
                            for r in block
                        ],
                    )
                self._put_count(spec, count, plan_digest, now, route)
        except LedgerUnwritable as trouble:
            if getattr(trouble.__cause__, "sqlite_errorname", "") != "SQLITE_FULL":
                raise
            megabytes = (count + sum(1 for _ in stream)) * BYTES_A_MESSAGE // 1_000_000 + 1
            fix = f"make room for about {megabytes} MB beside {self.path}, then run the command again"
            raise LedgerUnwritable(trouble.problem, fix) from trouble
        self._checkpoint()
        return count

    def _keep_former_trees(self, identity: SpecIdentity) -> None:
        """Where the key of a send changes after it was claimed: which of its messages had the former one."""
        rows = self._rows(
            "SELECT number, key_tree, to_tree FROM spec WHERE name = ? AND generation = ? AND (claimed OR baselined)"
            " AND key_tree IS NOT NULL",
            (identity.name, identity.generation),
        )
        for number, *trees in rows:
            if trees != [identity.key_tree, identity.to_tree]:
                until = self._value("SELECT coalesce(max(number), 0) FROM message WHERE spec = ?", (number,))
                former = [*self.former_trees(identity.name, identity.generation), (*trees, until)]
                kept = (f"{FORMER_TREES}{number}", json.dumps(former))
                self._execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", kept)

    def _put_spec(self, identity: SpecIdentity, plan_digest: bytes) -> int:
        self._keep_former_trees(identity)
        self._execute(
            "INSERT INTO spec (name, generation, path, messages, plan_digest, key_tree, to_tree, text_digest, commit_id, moved_from)"
            " VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (name, generation) DO UPDATE SET path = excluded.path,"
            " plan_digest = excluded.plan_digest, key_tree = excluded.key_tree, to_tree = excluded.to_tree,"
            " text_digest = excluded.text_digest, commit_id = excluded.commit_id, moved_from = coalesce(excluded.moved_from, moved_from)",
            (
                identity.name,
                identity.generation,
                identity.path,
                plan_digest,
                identity.key_tree,
                identity.to_tree,
                identity.text_digest,
                identity.commit,
                identity.moved_from,
            ),
        )
        of_the_send = (identity.name, identity.generation)
        return int(self._rows("SELECT number FROM spec WHERE name = ? AND generation = ?", of_the_send)[0][0])

    def _put_count(self, spec: int, count: int, plan_digest: bytes, now: float, route: Route | None) -> None:
        self._execute(
            "UPDATE spec SET messages = (SELECT count(*) FROM message WHERE spec = ?1) WHERE number = ?1", (spec,)
        )
        self._execute(
            "INSERT OR REPLACE INTO plan (run, spec, messages, digest, at, workspace, channel) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._run, spec, count, plan_digest, now, route and route.workspace, route and route.channel),
        )

    def burn(self, identity: SpecIdentity, records: Iterable[PlannedRecord], *, now: float) -> int:
        """Notes every message of a send as sent before the ledger was made: all or nothing. Returns how many there are."""
        with self._transaction():
            self._check_fence()
            spec = self._put_spec(identity, b"")
            self._execute("UPDATE spec SET baselined = 1 WHERE number = ?", (spec,))
            count = self._connection.executemany(
                BURN,
                (
                    (r.id, spec, r.digest, r.reference, r.receiver, r.masked, now, r.line, r.size, r.scheduled_for)
                    for r in records
                ),
            ).rowcount
            self._execute(
                "UPDATE spec SET messages = (SELECT count(*) FROM message WHERE spec = ?1) WHERE number = ?1", (spec,)
            )
        self._checkpoint()
        return max(0, int(count))

    def give_up(self, identity: SpecIdentity, reason: str) -> None:
        """Notes that a person gave this generation up, whether it was ever planned or not; its messages stay what they are."""
        with self._transaction():
            self._check_fence()
            known = self._rows(
                "SELECT number FROM spec WHERE name = ? AND generation = ?", (identity.name, identity.generation)
            )
            spec = known[0][0] if known else self._put_spec(identity, b"")
            self._execute("UPDATE spec SET given_up = ? WHERE number = ?", (_text(reason), spec))
        self._checkpoint()

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        """Results in, next claims out: one durable commit.

        Both are compare-and-set. A claim that is lost is told; a settlement that is lost means that somebody else moved a
        message of ours, and raises.
        """
        with self._transaction():
            self._check_fence()
            self._settle(settle, now)
            exchanged = self._claim(claim, now)
        self._note()
        return exchanged

    def _settle(self, settlements: Sequence[Settlement], now: float) -> None:
        if not settlements:
            return
        if not all(settlement.to in SETTLED_FROM_SENDING for settlement in settlements):
            raise AssertionError("a settlement leads to a state that sending has no move to")
        rows = [(*_settled(settlement, now), self._run) for settlement in settlements]
        self._move_all(SETTLE, rows)
        self._connection.executemany(SETTLE_EVENT, rows)

    def _claim(self, claims: Sequence[Claim], now: float) -> Exchanged:
        if not claims:
            return Exchanged({})
        marks = ",".join("?" * len(claims))
        found = self._rows(
            f"SELECT id, number, attempt, spec, state, digest, reference FROM message WHERE id IN ({marks})",
            [claim.id for claim in claims],
        )
        row_by_id = {row[0]: row[1:] for row in found}
        claimed_at = None if self._clock_offset is None else int(now + self._clock_offset)
        won: dict[bytes, int] = {}
        lost: dict[bytes, Lost] = {}
        moves, events, specs = [], [], set()
        for claim in claims:
            row = row_by_id.get(claim.id)
            why = why_lost(claim, row)
            if row is None or why is not None:
                lost[claim.id] = why or Lost.TAKEN_ELSEWHERE
                continue
            number, attempt, spec = row[:3]
            specs.add(spec)
            won[claim.id] = attempt + 1
            moves.append((self._run, now, number, claimed_at, claim.digest, claim.reference))
            events.append((self._run, now, number, attempt + 1))
        self._note_claimed(specs, now)
        self._move_all(CLAIM, moves)
        self._connection.executemany(CLAIM_EVENT, events)
        return Exchanged(won, lost)

    def _note_claimed(self, specs: Collection[int], now: float) -> None:
        """Notes that sends have claimed, and about when: the witness looks at what the API lists from then on.

        Not each time, as that would be one more page to write a commit; and by the API's clock or not at all.
        """
        due = [spec for spec in specs if now - self._claimed_at.get(spec, -math.inf) >= CLAIMED_AT_EVERY]
        moment = None if self._clock_offset is None else now + self._clock_offset
        self._connection.executemany(
            "UPDATE spec SET claimed = 1, claimed_at = coalesce(?, claimed_at) WHERE number = ?",
            [(moment, spec) for spec in due],
        )
        self._claimed_at.update(dict.fromkeys(due, now))

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        """Moves messages outside of their attempt, all or none: by reconciling, or on a person's word.

        Raises `LedgerTrouble` when a message is not in the state, or not in the attempt, that the change was decided on.
        """
        if by.origin is State.SENDING or not all(c.to in by.targets and c.reason for c in changes):
            raise AssertionError(f"'{by.name}' is no such move, or has no reason")
        replanned = [
            (
                p.digest,
                p.reference,
                p.receiver,
                p.masked,
                p.line,
                p.size,
                p.scheduled_for,
                c.id,
                by.origin.value,
                c.attempt,
            )
            for c in changes
            if (p := c.planned) is not None
        ]
        rows = [
            (
                c.to.value,
                _text(c.remote_id),
                _text(c.reason),
                now,
                c.id,
                by.origin.value,
                c.attempt,
                c.resend,
                self._run,
            )
            for c in changes
        ]
        with self._transaction():
            self._check_fence()
            self._connection.executemany(REPLAN, replanned)
            self._move_all(MOVE, [row[:8] for row in rows])
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

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        """Keeps when messages in doubt, each with its attempt, were first missed in a complete list of the API's."""
        with self._transaction():
            self._check_fence()
            self._connection.executemany(ABSENT, [(identity, attempt, now) for identity, attempt in missed])

    def make_room(self, in_flight: int) -> None:
        """Takes the room that the results of so many messages would need beside the ledger. Raises `LedgerUnwritable`."""
        prepare_spill(Path(self.path), in_flight)

    def spill(self, settlements: Sequence[Settlement]) -> None:
        """Keeps results beside the ledger that it could not take itself; the next `begin` reads them in. Raises OSError."""
        write_spill(Path(self.path), self._id, self._run or 0, settlements)

    def purge(self, *, before: float) -> int:
        """Forgets what final messages older than `before` (Unix seconds) held, but not that they were sent. Returns how many."""
        with self._transaction():
            self._check_fence()
            purged = int(self._execute(PURGE, (before,)).rowcount)
            self._execute(PURGE_EVENTS)
        self._checkpoint()
        return purged

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record; the messages were settled as they came."""
        with self._transaction():
            self._execute(
                "UPDATE run SET ended_at = ?, ending = ?, requests = ? WHERE number = ?",
                (now, ending, requests, self._run),
            )


def why_lost(claim: Claim, row: Sequence[Any] | None) -> Lost | None:
    """Why the ledger's row (number, attempt, spec, state, digest, reference) is not what was planned; None where it is."""
    if row is None or row[3] != State.PLANNED.value:
        return Lost.TAKEN_ELSEWHERE
    return None if (row[4], row[5]) == (claim.digest, claim.reference) else Lost.ON_HOLD


def _settled(s: Settlement, now: float) -> tuple[Any, ...]:
    """A settlement as the parameters of its statements, up to the run."""
    return (s.to.value, _text(s.remote_id), s.http_status, _text(s.evidence), now, s.id, s.attempt)


def _text(words: str | None) -> str | None:
    """Text from outside as SQLite takes it: JSON can hold half a surrogate pair, UTF-8 can't."""
    return None if words is None else words[:MAX_EVIDENCE].encode("utf-8", "backslashreplace").decode()
