"""Writes plans: the messages of a send, planned or baselined, and what is noted of the send itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sendspec.ledger.postgres.reader import PostgresFacts
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.record import PlannedRecord, Route, SendIdentity
from sendspec.ledger.storable import storable

BLOCK = 5_000
"""Rows inserted at once."""
PLAN_SEND = """SELECT spec, claimed FROM plan_send(%(run)s, %(name)s, %(generation)s, %(path)s, %(digest)s::bytea, %(key)s, %(to)s, %(text)s,
    %(commit)s, %(moved)s, %(baselined)s)"""
PLAN_BLOCK = """SELECT plan_block(%(run)s, %(spec)s, %(now)s, %(state)s, %(replaces)s, %(id)s::bytea[], %(digest)s::bytea[],
    %(reference)s::text[], %(receiver)s::bytea[], %(masked)s::text[], %(line)s::integer[], %(size)s::integer[],
    %(scheduled_for)s::bigint[], %(shape)s::bigint[])"""
NOTE_PLAN = "SELECT note_plan(%(run)s, %(spec)s, %(count)s, %(digest)s::bytea, %(now)s, %(workspace)s, %(channel)s)"
GIVE_UP = "SELECT give_up(%(run)s, %(name)s, %(generation)s, %(path)s, %(reason)s)"
RECORD_COLUMNS = ("id", "digest", "reference", "receiver", "masked", "line", "size", "scheduled_for", "shape")


class PlanWriter(PostgresFacts):
    """A ledger that takes plans, once a run has begun. A plan that breaks off is not written, and can be written again."""

    def __init__(self, session: RunSession, ledger_id: str) -> None:
        super().__init__(session)
        self._session: RunSession = session
        self._id = ledger_id

    def put_planned(
        self,
        identity: SendIdentity,
        records: Iterable[PlannedRecord],
        plan_digest: bytes,
        *,
        now: float,
        route: Route | None = None,
        continues: bool = False,
    ) -> int:
        """Writes a plan's messages as planned, in plan order, all or none; returns their count.

        No other run plans a spec of this name meanwhile. A message already planned takes the new payload, unless any message of the send
        was ever claimed: then it is on hold, but for a send that `continues` with the present text. If `records` raises, nothing is written.
        """
        count = 0
        with self._together():
            spec, claimed = self._put_send(identity, plan_digest, baselined=False)
            for block in _blocks(records):
                count += len(block)
                self._put_block(spec, block, now, "planned", replaces=continues or not claimed)
            self._rows(
                NOTE_PLAN,
                {
                    "run": self._run,
                    "spec": spec,
                    "count": count,
                    "digest": plan_digest,
                    "now": now,
                    "workspace": route and route.workspace,
                    "channel": route and route.channel,
                },
            )
        return count

    def put_baselined(self, identity: SendIdentity, records: Iterable[PlannedRecord], *, now: float) -> int:
        """Writes a send's messages as baselined, all or none; returns their count."""
        with self._together():
            spec, _ = self._put_send(identity, b"", baselined=True)
            return sum(self._put_block(spec, block, now, "skipped", replaces=False) for block in _blocks(records))

    def give_up(self, identity: SendIdentity, reason: str) -> None:
        """Notes that a person gave this generation up, planned or not. Its messages keep their states."""
        known = {"name": identity.name, "generation": identity.generation, "path": identity.path}
        self._rows(GIVE_UP, {"run": self._run, **known, "reason": storable(reason)})

    def _put_send(self, identity: SendIdentity, plan_digest: bytes, *, baselined: bool) -> tuple[int, bool]:
        """The number of the send's row, and whether any of its messages was ever claimed."""
        rows = self._rows(
            PLAN_SEND,
            {
                "run": self._run,
                "name": identity.name,
                "generation": identity.generation,
                "path": identity.path,
                "digest": plan_digest,
                "key": identity.key_tree,
                "to": identity.to_tree,
                "text": identity.text_digest,
                "commit": identity.commit,
                "moved": identity.moved_from,
                "baselined": baselined,
            },
        )
        spec, claimed = rows[0]
        return spec, claimed

    def _put_block(self, spec: int, block: Sequence[PlannedRecord], now: float, state: str, *, replaces: bool) -> int:
        known: dict[str, Any] = {"run": self._run, "spec": spec, "now": now, "state": state, "replaces": replaces}
        return int(self._rows(PLAN_BLOCK, known | record_columns(block))[0][0])


def record_columns(records: Sequence[PlannedRecord | None]) -> dict[str, Any]:
    """The records' fields, a list for each."""
    return {name: [None if record is None else getattr(record, name) for record in records] for name in RECORD_COLUMNS}


def _blocks(records: Iterable[PlannedRecord]) -> Iterator[list[PlannedRecord]]:
    stream = iter(records)
    while block := list(islice(stream, BLOCK)):
        yield block
