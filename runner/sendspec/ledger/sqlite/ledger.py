"""The ledger on SQLite: runs, claims, results and moves. Compare-and-set rows, one durable commit for many messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from sendspec.ledger.record import Change, RunOwner, Settlement, StartedRun
from sendspec.ledger.run_note import RunNote
from sendspec.ledger.spill_file import clear_spill, prepare_spill, read_spill, write_spill
from sendspec.ledger.sqlite.error import refuse_damage
from sendspec.ledger.sqlite.exchange import ExchangeWriter
from sendspec.ledger.sqlite.move_sql import (
    ABSENT,
    MOVE,
    MOVE_EVENT,
    MOVED_SINCE,
    PURGE,
    PURGE_EVENTS,
    RECOVER,
    RECOVER_EVENT,
    REPLAN,
)
from sendspec.ledger.sqlite.opt_out_mirror import NOTE, read_opt_out_mirror
from sendspec.ledger.sqlite.progress_mirror import OpenMirror, write_mirror
from sendspec.ledger.storable import storable
from sendspec.planning.message_state import Move, State


class SqliteLedger(ExchangeWriter):
    """Satisfies `protocol.Ledger`. The moves need a run begun."""

    is_shared = False

    def begin(self, owner: RunOwner, *, now: float) -> StartedRun:
        """Begins a run: a new epoch, and every message of a dead run in doubt.

        Only for the owner of the run lock, which proves all other runs dead. Results that an earlier run spilled are imported
        first.
        """
        self._id = self.id
        self._claimed.clear()
        spilled = read_spill(Path(self.path), self._id)
        opt_outs = read_opt_out_mirror(Path(self.path))
        if self._sealing is not None:
            self._sealing.begin(now)
        with self._transaction():
            self._import(spilled, now)
            self._note_opt_outs(opt_outs)
            epoch = self.epoch + 1
            self._execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (epoch,))
            run = self._execute(
                "INSERT INTO run (epoch, started_at, pid, host, command) VALUES (?, ?, ?, ?, ?)",
                (epoch, now, owner.pid, owner.host, owner.command),
            ).lastrowid
            recovered = self._recover(now, run)
        self._run, self._epoch = run, epoch
        self._recorded = self._checkpointed = self.moves
        write_mirror(Path(self.path), epoch, self._recorded)
        self._mirror = OpenMirror(Path(self.path), epoch)
        if spilled:
            clear_spill(Path(self.path))
        prepare_spill(Path(self.path))
        if self._sealing is not None:
            self._sealing.begun()
        return StartedRun(run, recovered)

    def _recover(self, now: float, run: int) -> int:
        """Puts in doubt what dead runs were sending; returns the count of those messages.

        On a ledger that was sealed, each of them was claimed after the move that the seal names: there was none that was `sending`,
        or a run that began recovered it.
        """
        if self._is_wholly_checked or self._sealing is None:
            self._execute(RECOVER_EVENT, (now, run))
            return int(self._execute(RECOVER, (now, run)).rowcount)
        since = (now, run, self._sealing.recovered_until)
        self._execute(RECOVER_EVENT + MOVED_SINCE, since)
        return int(self._execute(RECOVER + MOVED_SINCE, since).rowcount)

    def check_sends(self, names: Collection[str] | None) -> None:
        """Verifies the messages of specs of these names, or all that the ledger holds, unless that was done when it was opened."""
        if not self._is_wholly_checked:
            refuse_damage(self.path, self.find_damage() if names is None else self.find_damage_of(names))

    def note_approval(self, note: RunNote) -> None:
        """Notes with the run what it carries out and who approved it."""
        with self._transaction():
            self._check_fence()
            self._execute(
                "UPDATE run SET plan_digest = ?, commit_id = ?, approval_claimed = ?, approval_verified = ? WHERE number = ?",
                (
                    note.plan_digest,
                    note.commit,
                    storable(note.claimed),
                    storable("\n".join(note.verified)) or None,
                    self._run,
                ),
            )

    def note_clock(self, offset: float) -> None:
        """Notes by how many seconds the API's clock is ahead of this machine's.

        Claims made before are not dated: a first claim is of use by the API's clock only.
        """
        with self._transaction():
            self._check_fence()
            self._execute("UPDATE run SET clock_offset = ? WHERE number = ?", (offset, self._run))
        self._clock_offset = offset

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        """Moves messages outside of their attempts, all or none: by reconciling, or on a person's word.

        Raises `MessagesMoved` when a message is not in the state, or not in the attempt, that the change was decided on.
        """
        if by.origin is State.SENDING or not all(c.to in by.targets and c.reason for c in changes):
            raise AssertionError(f"'{by.name}' is no such move, or has no reason")
        origin = by.origin.value
        rows = [
            (c.to.value, storable(c.remote_id), storable(c.reason), now, c.id, origin, c.attempt, c.resend, self._run)
            for c in changes
        ]
        with self._transaction():
            self._check_fence()
            self._connection.executemany(REPLAN, _replanned(changes, origin))
            self._move_all(MOVE, [row[:8] for row in rows])
            self._connection.executemany(MOVE_EVENT, rows)
        self._note(len(changes))

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        """Notes when messages in doubt (id, attempt) were first missing from a complete list of the API."""
        with self._transaction():
            self._check_fence()
            self._connection.executemany(ABSENT, [(identity, attempt, now) for identity, attempt in missed])

    def still_mine(self) -> bool:
        """Whether the run lock this ledger was opened under is still ours, and the ledger still its file."""
        return self._still_mine()

    def make_room(self, in_flight: int) -> None:
        """Reserves the space beside the ledger that spilling so many results would need. Raises `LedgerUnwritable`."""
        prepare_spill(Path(self.path), in_flight)

    def spill(self, settlements: Sequence[Settlement]) -> None:
        """Keeps results beside the ledger that it could not take; the next `begin` imports them. Raises OSError."""
        write_spill(Path(self.path), self._id, self._run or 0, settlements)

    def purge(self, *, before: float) -> int:
        """Removes the personal data of messages settled before then (Unix seconds), but not that they were sent.

        Returns their count.
        """
        with self._transaction():
            self._check_fence()
            purged = int(self._execute(PURGE, (before,)).rowcount)
            forgotten = self._execute(PURGE_EVENTS).rowcount
        if purged or forgotten:
            self.spoil_seal()
        self._checkpoint()
        return purged

    def note_opt_outs(self, count: int) -> None:
        """Notes how many opt-out signals there are beside the ledger. The note never shrinks. Needs no run begun."""
        with self._transaction():
            self._note_opt_outs(count)

    def _note_opt_outs(self, count: int) -> None:
        if count > self.opt_outs_noted:
            self._execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (NOTE, count))

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record. Messages are settled by exchanges, not here."""
        opt_outs = read_opt_out_mirror(Path(self.path))
        with self._transaction():
            self._note_opt_outs(opt_outs)
            self._execute(
                "UPDATE run SET ended_at = ?, ending = ?, requests = ? WHERE number = ?",
                (now, ending, requests, self._run),
            )
            self._note_tally()
        if self._sealing is not None:
            self._sealing.end()

    def _note_tally(self) -> None:
        """Notes the counts of messages by state, so that nobody has to count these again."""
        notes = list(self._tally_notes(self._run or 0))
        self._connection.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", notes)


def _replanned(changes: Sequence[Change], origin: str) -> list[tuple[Any, ...]]:
    """The parameters of REPLAN, for the changes that bring another payload."""
    return [
        (p.digest, p.reference, p.receiver, p.masked, p.line, p.size, p.scheduled_for, p.shape, c.id, origin, c.attempt)
        for c in changes
        if (p := c.planned) is not None
    ]
