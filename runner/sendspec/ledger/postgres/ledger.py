"""The ledger on PostgreSQL: runs, claims, results and moves. Each step is one call of a function on the server."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerClosed,
    LedgerDamaged,
    LedgerMoved,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.postgres.open_ledger import LIVING, shortened
from sendspec.ledger.postgres.plan_writer import PlanWriter, record_columns
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.postgres.session import TIMELINE
from sendspec.ledger.record import Change, Claim, ClaimLost, Exchanged, RunOwner, Settlement, StartedRun
from sendspec.ledger.run_note import RunNote
from sendspec.ledger.spill_file import prepare_spill, read_spill, spill_path, write_spill
from sendspec.ledger.storable import storable
from sendspec.planning.message_state import SETTLED_FROM_SENDING, Move, State

BEGIN_RUN = "SELECT begin_run(%(run)s, %(now)s, %(pid)s, %(host)s, %(command)s, %(server)s, %(timeline)s)"
EXCHANGE = """SELECT answer, attempts, halt FROM exchange(%(run)s, %(exchange)s, %(now)s, %(claimed_at)s::bigint, %(s_ids)s::bytea[],
    %(s_attempts)s::integer[], %(s_targets)s::text[], %(s_remote_ids)s::text[], %(s_http)s::integer[], %(s_evidence)s::text[],
    %(c_ids)s::bytea[], %(c_digests)s::bytea[], %(c_references)s::text[])"""
MOVE = """SELECT move_messages(%(run)s, %(now)s, %(origin)s, %(ids)s::bytea[], %(attempts)s::integer[], %(targets)s::text[],
    %(reasons)s::text[], %(remote_ids)s::text[], %(resends)s::integer[], %(digest)s::bytea[], %(reference)s::text[],
    %(receiver)s::bytea[], %(masked)s::text[], %(line)s::integer[], %(size)s::integer[], %(scheduled_for)s::bigint[], %(shape)s::bigint[])"""
IMPORT = """SELECT import_result(%(run)s, %(now)s, %(id)s::bytea, %(attempt)s, %(target)s, %(remote_id)s, %(http)s, %(evidence)s)"""
WHY = {"h": ClaimLost.ON_HOLD, "t": ClaimLost.TAKEN_ELSEWHERE}
"""Why a claim was lost. One that a halt forbade was neither won nor lost: its message may be sent later."""


class PostgresLedger(PlanWriter):
    """Satisfies `protocol.Ledger`. The moves need a run begun.

    Its session holds the run's lock. When the server goes away, it comes back in a new one, and an exchange has the same number then.
    """

    is_shared = True

    def __init__(self, session: RunSession, ledger_id: str) -> None:
        super().__init__(session, ledger_id)
        self._exchange = 0
        self._clock_offset: float | None = None

    def check_sends(self, names: Collection[str] | None) -> None:
        """Does nothing: the server checks its pages."""

    def begin(self, owner: RunOwner, *, now: float) -> StartedRun:
        """Begins a run: takes its lock, imports results that earlier runs on this machine spilled, and puts into doubt what dead runs
        were sending. Raises `LedgerBusy` while the ledger is copied or migrated."""
        try:
            return self._begun(owner, now)
        except LedgerClosed as closed:
            raise LedgerBusy(closed.problem, closed.fix) from None

    def _begun(self, owner: RunOwner, now: float) -> StartedRun:
        run = int(self._session.once("SELECT next_run()")[0][0])
        self._import_spilled(now)
        server, timeline = self._rows(TIMELINE)[0]
        words = {"pid": owner.pid, "host": storable(owner.host), "command": storable(owner.command)}
        known = {"run": run, "now": now, **words, "server": server, "timeline": timeline}
        recovered = int(self._session.once(BEGIN_RUN, known)[0][0])
        self._run = self._session.run_number = run
        self._session.begun_on = (server, timeline)
        self._exchange = 0
        prepare_spill(self._spill_place(run))
        return StartedRun(run, recovered)

    def _spill_place(self, run: int) -> Path:
        return self._session.place.folder / f"{self._id}-{run}"

    def _import_spilled(self, now: float) -> None:
        """Hands in what runs of this ledger could not, and removes their files. A result that comes late may still prove an acceptance."""
        living = {run for (run,) in self._rows(LIVING)}
        for found in sorted(self._session.place.folder.glob(f"{self._id}-*.spill")):
            place = found.with_suffix("")
            number = place.name.removeprefix(f"{self._id}-")
            if not number.isdigit() or int(number) in living:
                continue
            for one in read_spill(place, self._id):
                s = one.settlement
                result = {"target": s.to.value, "remote_id": storable(s.remote_id), "evidence": storable(s.evidence)}
                known = {"run": one.run, "now": now, "id": s.id, "attempt": s.attempt, "http": s.http_status}
                self._rows(IMPORT, known | result)
            found.unlink(missing_ok=True)

    def note_approval(self, note: RunNote) -> None:
        """Notes with the run what it carries out and who approved it."""
        self._rows(
            "SELECT note_approval(%(run)s, %(digest)s::bytea, %(commit)s, %(claimed)s, %(verified)s)",
            {
                "run": self._run,
                "digest": note.plan_digest,
                "commit": note.commit,
                "claimed": storable(note.claimed),
                "verified": storable("\n".join(note.verified)) or None,
            },
        )

    def note_clock(self, offset: float) -> None:
        """Notes by how many seconds the API's clock is ahead of this machine's.

        Claims made before are not dated: a first claim is of use by the API's clock only.
        """
        self._rows("SELECT note_clock(%(run)s, %(offset)s)", {"run": self._run, "offset": offset})
        self._clock_offset = offset

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        """Results in, next claims out, in one durable commit.

        Both are compare-and-set. A lost claim is returned; a lost settlement raises, as it means that another run moved a
        message of ours. Whatever it raises, its results can be spilled. While the server is away, it is repeated under its
        number, which makes it happen once.
        """
        if not all(settlement.to in SETTLED_FROM_SENDING for settlement in settle):
            raise AssertionError("a settlement leads to a state that sending has no move to")
        claimed_at = None if self._clock_offset is None else int(now + self._clock_offset)
        ordered = sorted(claim, key=lambda one: one.id)
        known = {"run": self._run, "exchange": self._exchange + 1, "now": now, "claimed_at": claimed_at}
        with _keepable():
            [(answer, attempts, halt)] = self._rows(EXCHANGE, known | _settled(settle) | _claimed(ordered))
        self._exchange += 1
        letters = list(zip(ordered, answer or "", strict=True))
        won = [one.id for one, letter in letters if letter == "w"]
        lost = {one.id: WHY[letter] for one, letter in letters if letter in WHY}
        return Exchanged(dict(zip(won, attempts or (), strict=True)), lost, shortened(halt))

    def one_moment(self) -> AbstractContextManager[None]:
        """Has the block's look-ups tell of one moment, whatever other runs write meanwhile."""
        return self._session.one_moment()

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        """Moves messages outside of their attempts, all or none: by reconciling, or on a person's word.

        Raises `MessagesMoved` when a message is not in the state, or not in the attempt, that the change was decided on.
        """
        if by.origin is State.SENDING or not all(c.to in by.targets and c.reason for c in changes):
            raise AssertionError(f"'{by.name}' is no such move, or has no reason")
        columns = {
            "ids": [c.id for c in changes],
            "attempts": [c.attempt for c in changes],
            "targets": [c.to.value for c in changes],
            "reasons": [storable(c.reason) for c in changes],
            "remote_ids": [storable(c.remote_id) for c in changes],
            "resends": [int(c.resend) for c in changes],
            **record_columns([c.planned for c in changes]),
        }
        del columns["id"]
        self._session.once(MOVE, {"run": self._run, "now": now, "origin": by.origin.value, **columns})

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        """Notes when messages in doubt (id, attempt) were first missing from a complete list of the API."""
        ids, attempts = [identity for identity, _ in missed], [attempt for _, attempt in missed]
        self._rows(
            "SELECT note_absent(%(run)s, %(now)s, %(ids)s::bytea[], %(attempts)s::integer[])",
            {"run": self._run, "now": now, "ids": ids, "attempts": attempts},
        )

    def still_mine(self) -> bool:
        """True: each exchange asks the server itself whether this run still holds its lock."""
        return True

    def make_room(self, in_flight: int) -> None:
        """Reserves the space on this machine that spilling so many results would need. Raises `LedgerUnwritable`."""
        prepare_spill(self._spill_place(self._run or 0), in_flight)

    def spill(self, settlements: Sequence[Settlement]) -> None:
        """Keeps results on this machine that the ledger could not take; the next `begin` here imports them. Raises OSError."""
        write_spill(self._spill_place(self._run or 0), self._id, self._run or 0, settlements)

    def purge(self, *, before: float) -> int:
        """Removes the personal data of messages settled before then (Unix seconds), but not that they were sent.

        Returns their count.
        """
        known = {"run": self._run, "exchange": self._exchange + 1, "before": before}
        purged = int(self._rows("SELECT purge_messages(%(run)s, %(exchange)s, %(before)s)", known)[0][0])
        self._exchange += 1
        return purged

    def note_opt_outs(self, count: int) -> None:
        """Does nothing: the signals are in the ledger itself."""

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record. Messages are settled by exchanges, not here."""
        known = {"run": self._run, "now": now, "ending": storable(ending), "requests": requests}
        self._rows("SELECT end_run(%(run)s, %(now)s, %(ending)s, %(requests)s)", known)

    def close(self) -> None:
        """Gives the run's lock back. The space for results goes if none are kept in it."""
        if self._run is not None and not read_spill(self._spill_place(self._run), self._id):
            spill_path(self._spill_place(self._run)).unlink(missing_ok=True)
        super().close()


@contextmanager
def _keepable() -> Iterator[None]:
    """Raises any trouble of an exchange as one after which its results are kept on this machine, in a file of the run's own."""
    try:
        yield
    except (LedgerUnwritable, LedgerDamaged, LedgerMoved):
        raise
    except LedgerTrouble as trouble:
        raise LedgerUnwritable(trouble.problem, trouble.fix) from None


def _settled(settlements: Sequence[Settlement]) -> dict[str, Any]:
    """The settlements as columns, by id: two exchanges that meet lock their rows in one order."""
    ordered = sorted(settlements, key=lambda settlement: settlement.id)
    return {
        "s_ids": [s.id for s in ordered],
        "s_attempts": [s.attempt for s in ordered],
        "s_targets": [s.to.value for s in ordered],
        "s_remote_ids": [storable(s.remote_id) for s in ordered],
        "s_http": [s.http_status for s in ordered],
        "s_evidence": [storable(s.evidence) for s in ordered],
    }


def _claimed(claims: Sequence[Claim]) -> dict[str, Any]:
    """The claims as columns, in their order."""
    return {
        "c_ids": [c.id for c in claims],
        "c_digests": [c.digest for c in claims],
        "c_references": [c.reference for c in claims],
    }
