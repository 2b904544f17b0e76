"""Writes plans: the messages of a send, planned or baselined, and what is noted of the send itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby, islice

from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.record import PlannedRecord, Route, SendIdentity
from sendspec.ledger.sqlite.move_sql import PUT_BASELINED, REPLAN_PLANNED
from sendspec.ledger.sqlite.open_ledger import NUMBER_OF_SEND
from sendspec.ledger.sqlite.send_history import FORMER_TREES
from sendspec.ledger.sqlite.tables import planned_checksums
from sendspec.ledger.sqlite.writer import LedgerWriter
from sendspec.ledger.storable import storable

BLOCK = 5_000
"""Messages taken from a plan at once."""
PLAN_CACHE_KIB = 16_000
"""SQLite's cache while a plan is written. Its usual 2 MB cost 40 % more at 400,000 messages, 32 MB saved nothing more."""
ROWS_AT_ONCE = 50
"""Rows of one INSERT."""
BYTES_A_MESSAGE = 320
"""Disk space of a message, measured: 135 in the table and as much in the WAL when planned, about 300 once settled."""
PUT_SPEC = """INSERT INTO spec (name, generation, path, messages, plan_digest, key_tree, to_tree, text_digest, commit_id, moved_from)
    VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (name, generation) DO UPDATE SET path = excluded.path,
    plan_digest = excluded.plan_digest, key_tree = excluded.key_tree, to_tree = excluded.to_tree,
    text_digest = excluded.text_digest, commit_id = excluded.commit_id, moved_from = coalesce(excluded.moved_from, moved_from)"""
COUNT_MESSAGES = "UPDATE spec SET messages = (SELECT count(*) FROM message WHERE spec = ?1) WHERE number = ?1"


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
        for a send that `continues` with the present text. If `records` raises, nothing is written.
        """
        stream = iter(records)
        count = 0
        self._need_end()
        try:
            with self._roomy_cache(), self._transaction():
                self._check_fence()
                replaces = continues or not self.claimed_before(identity.name, identity.generation)
                spec = self._put_spec(identity, plan_digest)
                written, held = 0, self._count_of(spec)
                while block := list(islice(stream, BLOCK)):
                    count += len(block)
                    written += self._put_block(spec, block, now, replaces=replaces)
                self._put_count(spec, count, plan_digest, now, route)
                if self._sealing is not None and written != self._count_of(spec) - held:
                    self._sealing.replan([spec])
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
            count = self._connection.executemany(
                PUT_BASELINED,
                (
                    (r.id, spec, r.digest, r.reference, r.receiver, r.masked, now, r.line, r.size, r.scheduled_for)
                    for r in records
                ),
            ).rowcount
            self._execute(COUNT_MESSAGES, (spec,))
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

    @contextmanager
    def _roomy_cache(self) -> Iterator[None]:
        """Keeps more pages in memory: ids are spread over all of the index, whose pages would be written and read again and again.

        What undoes one statement is kept there too, and not in the folder for temporary files, which may have no room.
        """
        usual = self._value("PRAGMA cache_size")
        self._execute(f"PRAGMA cache_size = -{PLAN_CACHE_KIB}")
        self._execute("PRAGMA temp_store = MEMORY")
        try:
            yield
        finally:
            if not self._broken:
                self._execute(f"PRAGMA cache_size = {int(usual)}")
                self._execute("PRAGMA temp_store = DEFAULT")

    def _no_room(self, trouble: LedgerUnwritable, messages: int) -> LedgerUnwritable:
        """The same error, with the space that a plan of so many messages needs."""
        megabytes = messages * BYTES_A_MESSAGE // 1_000_000 + 1
        fix = f"free about {megabytes} MB beside {self.path}, then run the command again"
        return LedgerUnwritable(trouble.problem, fix)

    def _count_of(self, spec: int) -> int:
        """The count of a send's messages, as it is noted."""
        return self._number_of(f"SELECT messages FROM spec WHERE number = {spec}")

    def _put_block(self, spec: int, block: list[PlannedRecord], now: float, *, replaces: bool) -> int:
        """Returns the count of the messages that were added or replaced."""
        values = dict(zip(PlannedRecord._fields, zip(*block, strict=True), strict=True))
        present = {name: column for name, column in values.items() if column.count(None) < len(block)}
        present["checksum"] = planned_checksums(spec, block)
        for name in ("id", "digest", "receiver"):
            # Python binds a bytearray as it is, but looks for an adapter for each `bytes` and each None, which takes as long as the row
            present[name] = tuple(map(bytearray, present[name]))
        rows = list(zip(*present.values(), strict=True))
        groups = [rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE)]
        written = 0
        for count, same in groupby(groups, len):
            statement = _plan_rows(list(present), count)
            parameters = [[spec, now, replaces, *chain.from_iterable(each)] for each in same]
            written += self._connection.executemany(statement, parameters).rowcount
        return written

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

    def _put_count(self, spec: int, count: int, plan_digest: bytes, now: float, route: Route | None) -> None:
        self._execute(COUNT_MESSAGES, (spec,))
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


def _plan_rows(columns: Sequence[str], count: int) -> str:
    """The statement that plans so many messages at once, at half the cost of one at a time.

    ?1 is the spec's number, ?2 the moment, and ?3 that of `REPLAN_PLANNED`. The values of `columns` follow, message by message.
    """
    width = len(columns)
    values = (", ".join(f"?{at}" for at in range(first, first + width)) for first in range(4, 4 + count * width, width))
    rows = ", ".join(f"(?1, 'planned', ?2, {each})" for each in values)
    return f"INSERT INTO message (spec, state, updated_at, {', '.join(columns)}) VALUES {rows} {REPLAN_PLANNED}"
