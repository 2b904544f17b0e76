"""Exchanges of results for claims, in one durable commit. Both are compare-and-set."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from sendspec.diagnostics.exceptions import MessagesMoved
from sendspec.diagnostics.wording import counted
from sendspec.ledger.record import Claim, ClaimLost, Exchanged, Settlement
from sendspec.ledger.spill_file import SpilledResult
from sendspec.ledger.sqlite.exchanged_row import COLUMNS, ExchangedRow, claimed, settled_checksum
from sendspec.ledger.sqlite.move_sql import CLAIM, CLAIM_EVENT, SETTLE, SETTLE_EVENT
from sendspec.ledger.sqlite.plan_writer import PlanWriter
from sendspec.ledger.storable import storable
from sendspec.planning.message_state import SETTLED_FROM_SENDING, State

Parameters: TypeAlias = tuple[Any, ...]
CLAIMED_AT_EVERY = 60.0
"""Seconds between two notes of when a send has claimed."""


class ExchangeWriter(PlanWriter):
    """A ledger that takes claims and settlements, once a run has begun."""

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        """Results in, next claims out, in one durable commit.

        Both are compare-and-set. A lost claim is returned; a lost settlement raises, as it means that another run moved a
        message of ours.
        """
        self._need_end()
        with self._transaction():
            self._check_fence()
            self._settle(settle, now)
            exchanged = self._claim(claim, now)
        self._note(len(settle) + len(exchanged.won))
        return exchanged

    def _settle(self, settlements: Sequence[Settlement], now: float) -> None:
        if not settlements:
            return
        if not all(settlement.to in SETTLED_FROM_SENDING for settlement in settlements):
            raise AssertionError("a settlement leads to a state that sending has no move to")
        moves, events = self._settled(settlements, now, self._run)
        self._move_all(SETTLE, moves)
        self._connection.executemany(SETTLE_EVENT, events)

    def _settled(
        self, settlements: Sequence[Settlement], now: float, run: int | None
    ) -> tuple[list[Parameters], list[Parameters]]:
        """The parameters of SETTLE and of SETTLE_EVENT. A message that isn't in the ledger has no number, so that nothing moves."""
        rows = self._sending_rows([settlement.id for settlement in settlements])
        moves, events = [], []
        for s in settlements:
            row = rows.get(s.id)
            state, remote_id, evidence = s.to.value, storable(s.remote_id), storable(s.evidence)
            number, before = (None, None) if row is None else (row[0], row[-1])
            after = None if row is None else settled_checksum(s.id, row, state, remote_id)
            moves.append((state, remote_id, s.http_status, evidence, now, number, s.attempt, run, after, before))
            events.append((run, now, number, s.attempt, state, evidence))
        return moves, events

    def _sending_rows(self, ids: Sequence[bytes]) -> dict[bytes, ExchangedRow]:
        """The rows of these messages: as this run claimed them, and the others from the table. Unknown ids are left out."""
        rows = {identity: row for identity in ids if (row := self._claimed.pop(identity, None)) is not None}
        if len(rows) < len(ids):
            rows |= self._rows_of([identity for identity in ids if identity not in rows])
        return rows

    def _rows_of(self, ids: Sequence[bytes]) -> dict[bytes, ExchangedRow]:
        marks = ",".join("?" * len(ids))
        return {row[0]: row[1:] for row in self._rows(f"SELECT id, {COLUMNS} FROM message WHERE id IN ({marks})", ids)}

    def _claim(self, claims: Sequence[Claim], now: float) -> Exchanged:
        if not claims:
            return Exchanged({})
        row_by_id = self._rows_of([claim.id for claim in claims])
        claimed_at = None if self._clock_offset is None else int(now + self._clock_offset)
        won: dict[bytes, int] = {}
        lost: dict[bytes, ClaimLost] = {}
        moves, events, specs = [], [], set()
        for claim in claims:
            row = row_by_id.get(claim.id)
            why = why_lost(claim, row)
            if row is None or why is not None:
                lost[claim.id] = why or ClaimLost.TAKEN_ELSEWHERE
                continue
            after = self._claimed[claim.id] = claimed(claim.id, row, claimed_at)
            number, attempt, spec = after[:3]
            specs.add(spec)
            won[claim.id] = attempt
            moves.append((self._run, now, number, after[9], claim.digest, claim.reference, attempt, after[10], row[10]))
            events.append((self._run, now, number, attempt))
        self._note_claimed(specs, now)
        self._move_all(CLAIM, moves)
        self._connection.executemany(CLAIM_EVENT, events)
        return Exchanged(won, lost)

    def _note_claimed(self, specs: Collection[int], now: float) -> None:
        """Notes when sends claimed, by the API's clock or not at all: the witness asks the API's list from then on.

        Once in `CLAIMED_AT_EVERY` seconds only, as each note is one more page to write in a commit.
        """
        due = [spec for spec in specs if now - self._claimed_at.get(spec, -math.inf) >= CLAIMED_AT_EVERY]
        moment = None if self._clock_offset is None else now + self._clock_offset
        self._connection.executemany(
            "UPDATE spec SET claimed = 1, claimed_at = coalesce(?, claimed_at) WHERE number = ?",
            [(moment, spec) for spec in due],
        )
        self._claimed_at.update(dict.fromkeys(due, now))

    def _move_all(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Compare-and-set for each row. Raises `MessagesMoved` when one changes nothing: another run moved it."""
        changed = self._connection.executemany(sql, rows).rowcount if rows else 0
        if changed != len(rows):
            raise MessagesMoved(counted(len(rows) - changed, "message"))

    def _import(self, spilled: Sequence[SpilledResult], now: float) -> None:
        """Settles spilled results. One that was written after all, or is of another attempt, changes nothing."""
        for one in spilled:
            [move], [event] = self._settled([one.settlement], now, one.run)
            if self._execute(SETTLE, move).rowcount:
                self._execute(SETTLE_EVENT, event)


def why_lost(claim: Claim, row: Sequence[Any] | None) -> ClaimLost | None:
    """Why a claim loses against the ledger's row (number, attempt, spec, state, digest, reference); None if it wins."""
    if row is None or row[3] != State.PLANNED.value:
        return ClaimLost.TAKEN_ELSEWHERE
    return None if (row[4], row[5]) == (claim.digest, claim.reference) else ClaimLost.ON_HOLD
