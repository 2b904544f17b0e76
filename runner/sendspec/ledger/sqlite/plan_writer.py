"""Writes plans: the messages of a send, planned or baselined, and what is noted of the send itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.record import PlannedRecord, Route, SendIdentity
from sendspec.ledger.sqlite.message_lookup import MAX_LOOKUP
from sendspec.ledger.sqlite.move_sql import PUT_BASELINED
from sendspec.ledger.sqlite.number_ranges import NumberRange
from sendspec.ledger.sqlite.open_ledger import NUMBER_OF_SEND
from sendspec.ledger.sqlite.planned_rows import PlannedRows, bulk_writing
from sendspec.ledger.sqlite.send_history import FORMER_TREES
from sendspec.ledger.sqlite.writer import LedgerWriter
from sendspec.ledger.storable import storable

BLOCK = 5_000
"""Messages taken from a plan at once."""
BYTES_A_MESSAGE = 320
"""Disk space of a message, measured: 135 in the table and as much in the WAL when planned, about 300 once settled."""
PUT_SPEC = """INSERT INTO spec (name, generation, path, messages, plan_digest, key_tree, to_tree, text_digest, commit_id, moved_from)
    VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (name, generation) DO UPDATE SET path = excluded.path,
    plan_digest = excluded.plan_digest, key_tree = excluded.key_tree, to_tree = excluded.to_tree,
    text_digest = excluded.text_digest, commit_id = excluded.commit_id, moved_from = coalesce(excluded.moved_from, moved_from)"""
ADD_TO_COUNT = "UPDATE spec SET messages = messages + ? WHERE number = ?"


class PlanWriter(LedgerWriter):
    """A ledger that takes plans, once a run has begun."""

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

        A message already planned takes the new payload, unless any message of the send was ever claimed: then it is on hold, but
        for a send that `continues` with the present text. If `records` raises, nothing is written. No id comes twice.
        """
        stream = iter(records)
        count = 0
        self._need_end()
        try:
            with bulk_writing(self._connection), self._transaction():
                self._check_fence()
                replaces = continues or not self.claimed_before(identity.name, identity.generation)
                spec = self._put_spec(identity, plan_digest)
                last = self._last_message()
                rows = PlannedRows(self._connection, spec, now, replaces=replaces)
                while block := list(islice(stream, BLOCK)):
                    self._prepare(rows, len(block), is_first=count == 0)
                    count += len(block)
                    self._put(rows, block, now)
                rows.make_index()
                self._execute(ADD_TO_COUNT, (self._last_message() - last, spec))
                self._put_plan(spec, count, plan_digest, now, route)
        except LedgerUnwritable as trouble:
            if getattr(trouble.__cause__, "sqlite_errorname", "") != "SQLITE_FULL":
                raise
            raise self._no_room(trouble, count + sum(1 for _ in stream)) from trouble
        self._checkpoint()
        return count

    def put_baselined(self, identity: SendIdentity, records: Iterable[PlannedRecord], *, now: float) -> int:
        """Writes a send's messages as baselined, all or none; returns their count."""
        with self._transaction():
            self._check_fence()
            spec = self._put_spec(identity, b"")
            self._execute("UPDATE spec SET baselined = 1 WHERE number = ?", (spec,))
            last = self._last_message()
            count = self._connection.executemany(
                PUT_BASELINED,
                (
                    (r.id, spec, r.digest, r.reference, r.receiver, r.masked, now, r.line, r.size, r.scheduled_for)
                    for r in records
                ),
            ).rowcount
            self._execute(ADD_TO_COUNT, (self._last_message() - last, spec))
        self._checkpoint()
        return max(0, int(count))

    def give_up(self, identity: SendIdentity, reason: str) -> None:
        """Notes that a person gave this generation up, planned or not. Its messages keep their states."""
        with self._transaction():
            self._check_fence()
            known = self._rows(NUMBER_OF_SEND, (identity.name, identity.generation))
            spec = known[0][0] if known else self._put_spec(identity, b"")
            self._execute("UPDATE spec SET given_up = ? WHERE number = ?", (storable(reason), spec))
        self._checkpoint()

    def _no_room(self, trouble: LedgerUnwritable, messages: int) -> LedgerUnwritable:
        """The same error, with the space that a plan of so many messages needs."""
        megabytes = messages * BYTES_A_MESSAGE // 1_000_000 + 1
        fix = f"free about {megabytes} MB beside {self.path}, then run the command again"
        return LedgerUnwritable(trouble.problem, fix)

    def _prepare(self, rows: PlannedRows, count: int, *, is_first: bool) -> None:
        """Prepares for a block of so many messages. A long plan goes into a ledger without messages in a faster way."""
        if is_first and count == BLOCK and not self._rows("SELECT 1 FROM message LIMIT 1"):
            rows.drop_index()
        if self._limit is not None:
            self._limit.allow_for(count * BYTES_A_MESSAGE)

    def _last_message(self) -> int:
        """The last message's number. What is added continues from there without a gap, as messages are never deleted."""
        return self._number_of("SELECT coalesce(max(number), 0) FROM message")

    def _put(self, rows: PlannedRows, block: Sequence[PlannedRecord], now: float) -> None:
        last = self._last_message()
        written = rows.put(block)
        if self._sealing is not None and written != self._last_message() - last:
            self._sealing.replan(self._replaced([record.id for record in block], now))

    def _replaced(self, ids: Sequence[bytes], now: float) -> Iterator[NumberRange]:
        """The numbers of those of these messages that a plan has just written, whether it added or replaced them."""
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            sql = f"SELECT number FROM message WHERE id IN ({marks}) AND state = 'planned' AND updated_at = ?"
            yield from ((number, number) for (number,) in self._rows(sql, (*window, now)))

    def _put_spec(self, identity: SendIdentity, plan_digest: bytes) -> int:
        self._keep_former_trees(identity)
        self._execute(
            PUT_SPEC,
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
        return int(self._rows(NUMBER_OF_SEND, (identity.name, identity.generation))[0][0])

    def _put_plan(self, spec: int, count: int, plan_digest: bytes, now: float, route: Route | None) -> None:
        self._execute(
            "INSERT OR REPLACE INTO plan (run, spec, messages, digest, at, workspace, channel) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._run, spec, count, plan_digest, now, route and route.workspace, route and route.channel),
        )

    def _keep_former_trees(self, identity: SendIdentity) -> None:
        """When a send's key changes after a claim, notes up to which message the former key applied."""
        rows = self._rows(
            "SELECT number, key_tree, to_tree FROM spec WHERE name = ? AND generation = ? AND (claimed OR baselined)"
            " AND key_tree IS NOT NULL",
            (identity.name, identity.generation),
        )
        for number, *trees in rows:
            if trees != [identity.key_tree, identity.to_tree]:
                until = self._value("SELECT coalesce(max(number), 0) FROM message WHERE spec = ?", (number,))
                former = [*self.former_expressions(identity.name, identity.generation), (*trees, until)]
                kept = (f"{FORMER_TREES}{number}", json.dumps(former))
                self._execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", kept)
