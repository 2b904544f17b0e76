"""What the ledger knows: look-ups, totals, lists and checks, on any connection."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger.record import (
    Doubt,
    KnownMessage,
    Listable,
    MessageRecord,
    Route,
    SendRecord,
    Waiting,
    references_of,
)
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.migration import version_of
from sendspec.ledger.sqlite.move_sql import BASELINE, wrong_checksums
from sendspec.ledger.sqlite.schema_check import QueryLimit
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.planning.fact import BASELINED, Fact, PriorState
from sendspec.planning.message_state import ALLOWED, State

MAX_LOOKUP = 500
MAX_KNOWN = 20_000
REFERENCE = "coalesce(m.reference, 'm' || lower(hex(m.id))) || iif(m.resend > 0, '-' || (m.resend + 1), '')"
"""What the message goes out under: see `identity.resent`."""
WAITING = """SELECT m.id, s.name, s.generation, m.attempt, m.reference, m.receiver, m.resend, m.first_claimed_at
    FROM message m JOIN spec s ON s.number = m.spec WHERE m.state = 'planned'"""
STATE_BY_WORD = {state.value: state for state in State}
STANDING_BY_WORD: dict[str, PriorState] = {**STATE_BY_WORD, BASELINED.value: BASELINED}
_ACCEPTED_ON = """FROM message m JOIN plan p ON p.run = m.run AND p.spec = m.spec LEFT JOIN run r ON r.number = m.run
    WHERE m.state = 'accepted' AND m.remote_id IS NOT NULL AND p.workspace = ? AND p.channel = ?"""
_BASELINED = f"(state = 'skipped' AND evidence IS '{BASELINE}')"
SPEC_NOTES = ("key_tree", "to_tree", "text_digest", "moved_from", "claimed_at", "given_up")
TEXT, BYTES, WHOLE, NUMBER = str, bytes, int, (int, float)
NO_TEXT, NO_WHOLE, NO_NUMBER = (str, type(None)), (int, type(None)), (int, float, type(None))
"""What a column holds; the last three may be NULL. SQLite lets a value of any kind stand in any column."""
MAX_YEAR = 253_402_300_799.0
"""The last second of the year 9999: no moment is later, and none can be written."""
Kinds = tuple[type | tuple[type, ...], ...]
WAITING_KINDS: Kinds = (BYTES, TEXT, WHOLE, WHOLE, NO_TEXT, BYTES, WHOLE, NO_NUMBER)
KeyedDigest = Callable[[bytes], bytes]
"""Makes the plain SHA-256 of an earlier version's ledger into a payload digest."""


class LedgerReader:
    """An open ledger, to look at. Belongs to the process that opened it: SQLite's locks don't survive a fork."""

    def __init__(
        self, connection: Any, path: str, keyed: KeyedDigest | None = None, *, limit: QueryLimit | None = None
    ) -> None:
        """`keyed` makes the payload digests of an earlier version into today's; a ledger of this version needs none.

        `limit` bounds the connection's queries; None: nothing does.
        """
        self._connection = connection
        self._limit = limit
        self._when_closed: Callable[[], None] | None = None
        self.path = path
        self._pid = os.getpid()
        for arguments in (8, 9):
            connection.create_function("row_checksum", arguments, row_checksum, deterministic=True)
        if keyed is not None:
            connection.create_function("keyed_digest", 1, keyed, deterministic=True)
        self._look()

    def unbound(self) -> None:
        """Queries may take as long as they like from now on: for a ledger whose every page was checked."""
        self._limit = None
        self._connection.set_progress_handler(None, 0)

    def when_closed(self, tidy: Callable[[], None]) -> None:
        """Has `tidy` called once the connection is closed."""
        self._when_closed = tidy

    def _look(self) -> None:
        """What the ledger's version has to offer."""
        self.version = version_of(self._connection)
        self._resend = "resend" if self.version >= 2 else "0"
        self._digest = "digest" if self.version >= 3 else "keyed_digest(digest)"
        self._number = "number" if self.version >= 3 else "id"

    @property
    def id(self) -> str:
        return str(self._value("SELECT value FROM meta WHERE name = 'id'"))

    @property
    def salt_check(self) -> str | None:
        """What tells the salt that this ledger's messages are keyed with from another; None where none was noted."""
        rows = self._rows("SELECT value FROM meta WHERE name = 'salt_check'")
        return str(rows[0][0]) if rows else None

    @property
    def epoch(self) -> int:
        return self._number_of("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'epoch'")

    @property
    def moves(self) -> int:
        """How many moves the history holds. It only grows, so a ledger with fewer than before has lost some."""
        return self._number_of("SELECT coalesce(max(number), 0) FROM event")

    def facts(self, ids: Sequence[bytes]) -> dict[bytes, Fact]:
        """State and payload digest of those of `ids` that the ledger knows."""
        found: dict[bytes, Fact] = {}
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._rows(
                f"SELECT id, state, {self._digest}, {self._resend}, attempt, {_BASELINED} FROM message WHERE id IN ({marks})",
                window,
            )
            found.update((identity, Fact(self._state(word), *rest)) for identity, word, *rest in rows)
        return found

    def known(self, ids: Sequence[bytes]) -> dict[bytes, PriorState]:
        """How those of `ids` that the ledger knows stand, by id and payload digest in one: 40 bytes.

        Best asked for many at a time: SQLite sorts them, and finds several on a page.
        """
        found: dict[bytes, PriorState] = {}
        for start in range(0, len(ids), MAX_KNOWN):
            window = ids[start : start + MAX_KNOWN]
            marks = ",".join("?" * len(window))
            rows = self._rows(
                f"SELECT CAST(id || {self._digest} AS BLOB), iif({_BASELINED}, 'baseline', state) FROM message"
                f" WHERE id IN ({marks})",
                window,
            )
            found.update((sealed, STANDING_BY_WORD.get(word) or self._state(word)) for sealed, word in rows)
        return found

    def claimed_before(self, name: str, generation: int) -> bool:
        """Whether any message of this send was ever claimed."""
        rows = self._rows("SELECT claimed FROM spec WHERE name = ? AND generation = ?", (name, generation))
        return bool(rows and rows[0][0])

    def has_planned(self, name: str, generation: int) -> bool:
        """Whether there is any message of this send."""
        rows = self._rows("SELECT messages FROM spec WHERE name = ? AND generation = ?", (name, generation))
        return bool(rows and rows[0][0])

    def sends(self, name: str | None = None) -> list[SendRecord]:
        """Every send the ledger knows, or those of one name; the newest generation of a name last."""
        more = f", baselined, {', '.join(SPEC_NOTES)}" if self.version >= 3 else ""
        notes: Kinds = (WHOLE, NO_TEXT, NO_TEXT, NO_TEXT, NO_TEXT, NO_NUMBER, NO_TEXT) if more else ()
        rows = self._typed(
            (TEXT, WHOLE, TEXT, WHOLE, WHOLE, *notes),
            f"SELECT name, generation, path, messages, claimed{more} FROM spec WHERE ?1 IS NULL OR name = ?1"
            " ORDER BY name, generation",
            (name,),
        )
        return [
            SendRecord(
                name=row[0], generation=row[1], path=row[2], messages=row[3], claimed=bool(row[4]),
                **(dict(zip(SPEC_NOTES, row[6:], strict=True))
                   | {"baselined": bool(row[5])} if more else {}),
            )
            for row in rows
        ]  # fmt: skip

    def planned(self, name: str) -> dict[int, int]:
        """How many messages of a spec are planned and were not sent, by generation."""
        rows = self._typed(
            (WHOLE, WHOLE),
            "SELECT s.generation, count(*) FROM message m JOIN spec s ON s.number = m.spec"
            " WHERE m.state = 'planned' AND m.spec IN (SELECT number FROM spec WHERE name = ?) GROUP BY s.generation",
            (name,),
        )
        return dict(rows)

    def freed_since(self, moves: int, run: int | None) -> set[bytes]:
        """The messages that other runs than `run` made planned after so many moves: what a plan of then didn't mean to send."""
        rows = self._typed(
            (BYTES,),
            "SELECT m.id FROM event e JOIN message m ON m.number = e.message"
            " WHERE e.number > ? AND e.target = 'planned' AND e.run IS NOT ?",
            (moves, run),
        )
        return {identity for (identity,) in rows}

    def credited(self, remote_ids: Collection[str]) -> dict[str, bytes]:
        """Which messages the API's ids are credited to already, of those that are; found by one scan."""
        if not remote_ids:
            return {}
        rows = self._typed((TEXT, BYTES), "SELECT remote_id, id FROM message WHERE remote_id IS NOT NULL")
        return {remote_id: identity for remote_id, identity in rows if remote_id in remote_ids}

    def states_of_run(self, run: int, name: str, generation: int) -> dict[State, int]:
        """How the messages of a send stand that a run claimed, and that none has claimed since."""
        rows = self._rows(
            "SELECT state, count(*) FROM message WHERE run = ?"
            " AND spec = (SELECT number FROM spec WHERE name = ? AND generation = ?) GROUP BY state",
            (run, name, generation),
        )
        return {self._state(word): count for word, count in rows}

    def spec_path(self, name: str) -> str | None:
        """Where the newest generation of `name` was read from, relative to the project."""
        rows = self._rows("SELECT path FROM spec WHERE name = ? ORDER BY generation DESC LIMIT 1", (name,))
        return str(rows[0][0]) if rows else None

    def states(self, name: str, generation: int) -> dict[State, int]:
        """How many messages of a send are in each state."""
        rows = self._rows(
            "SELECT state, count(*) FROM message"
            " WHERE spec = (SELECT number FROM spec WHERE name = ? AND generation = ?) GROUP BY state",
            (name, generation),
        )
        return {self._state(word): count for word, count in rows}

    def messages(self, states: Sequence[State] = tuple(State)) -> Iterator[MessageRecord]:
        """Every message in one of `states`, by send and in the order of the plan; one at a time, however many there are."""
        marks = ",".join("?" * len(states))
        resend = "m.resend" if self.version >= 2 else "0"
        more = "m.line, m.size" if self.version >= 3 else "NULL, NULL"
        rows = self._typed(
            (
                BYTES,
                TEXT,
                WHOLE,
                TEXT,
                WHOLE,
                TEXT,
                NO_TEXT,
                NO_TEXT,
                NO_WHOLE,
                NO_TEXT,
                NUMBER,
                WHOLE,
                NO_WHOLE,
                NO_WHOLE,
            ),
            "SELECT m.id, s.name, s.generation, m.state, m.attempt, m.masked, m.reference, m.remote_id, m.http_status, m.evidence,"
            f" m.updated_at, {resend}, {more} FROM message m JOIN spec s ON s.number = m.spec"
            f" WHERE m.state IN ({marks}) ORDER BY s.name, s.generation, m.{self._number}",
            [state.value for state in states],
        )
        for row in rows:
            yield MessageRecord(
                id=row[0], name=row[1], generation=row[2], state=self._state(row[3]), attempt=row[4], masked=row[5], reference=row[6],
                remote_id=row[7], http_status=row[8], evidence=row[9], updated_at=row[10], resend=row[11], line=row[12], size=row[13],
            )  # fmt: skip

    def uncertain(self, name: str) -> int:
        """How many messages of a spec, of whatever generation, are sending or in doubt."""
        rows = self._rows(
            "SELECT count(*) FROM message WHERE state IN ('sending', 'in_doubt')"
            " AND spec IN (SELECT number FROM spec WHERE name = ?)",
            (name,),
        )
        return int(rows[0][0])

    def doubts(self) -> list[Doubt]:
        """Every message in doubt, the oldest claim first. Needs a ledger of this version."""
        rows = self._typed(
            (
                BYTES,
                TEXT,
                WHOLE,
                WHOLE,
                TEXT,
                BYTES,
                NO_TEXT,
                NO_TEXT,
                NUMBER,
                NO_NUMBER,
                WHOLE,
                NO_NUMBER,
                NO_NUMBER,
                NO_NUMBER,
                NUMBER,
            ),
            f"""SELECT m.id, s.name, s.generation, m.attempt, {REFERENCE}, m.receiver, p.workspace, p.channel,
                coalesce(e.at, m.updated_at), a.at, m.reference IS NOT NULL, m.first_claimed_at, r.clock_offset, m.scheduled_for, m.updated_at
            FROM message m JOIN spec s ON s.number = m.spec LEFT JOIN plan p ON p.run = m.run AND p.spec = m.spec
            LEFT JOIN run r ON r.number = m.run
            LEFT JOIN absence a ON a.message = m.number AND a.attempt = m.attempt
            LEFT JOIN (SELECT message, max(at) AS at FROM event WHERE target = 'sending'
                AND message IN (SELECT number FROM message WHERE state = 'in_doubt') GROUP BY message) e ON e.message = m.number
            WHERE m.state = 'in_doubt'""",
        )
        found = [
            Doubt(
                id=row[0],
                name=row[1],
                generation=row[2],
                attempt=row[3],
                reference=row[4],
                receiver=row[5],
                route=Route(row[6], row[7]) if row[6] and row[7] else None,
                claimed_at=row[8],
                missed_at=row[9],
                own_reference=bool(row[10]),
                first_claimed_at=row[11],
                clock_offset=row[12],
                scheduled_for=row[13],
                doubted_at=row[14],
            )
            for row in rows
        ]
        return sorted(found, key=lambda doubt: doubt.claimed_at)

    def accepted_since(self, route: Route, since: float) -> Iterator[Listable]:
        """The messages with an id of the API's that were accepted on a channel since then (Unix seconds, this machine's clock)."""
        rows = self._typed(
            (TEXT, TEXT, BYTES, NO_NUMBER, NO_NUMBER, WHOLE),
            f"SELECT m.remote_id, {REFERENCE}, m.receiver, m.first_claimed_at, m.updated_at + r.clock_offset, m.masked = ''"
            f" {_ACCEPTED_ON} AND m.updated_at >= ?",
            (route.workspace, route.channel, since),
        )
        for remote_id, reference, receiver, claimed, accepted, purged in rows:
            times = tuple(float(time) for time in (claimed, accepted) if time is not None)
            yield Listable(remote_id, reference, receiver, times, bool(purged))

    def accepted_before(self, route: Route, moment: float) -> float | None:
        """When the last message before that moment was accepted on a channel; by this machine's clock."""
        rows = self._typed(
            (NO_NUMBER,),
            f"SELECT max(m.updated_at) {_ACCEPTED_ON} AND m.updated_at < ?",
            (route.workspace, route.channel, moment),
        )
        return next((found for (found,) in rows), None)

    def known_by(self, ids: Sequence[bytes]) -> dict[bytes, KnownMessage]:
        """What is known of those of `ids` that the ledger has."""
        found: dict[bytes, KnownMessage] = {}
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._typed(
                (BYTES, TEXT, BYTES, NO_TEXT, TEXT),
                f"SELECT m.id, m.state, m.receiver, m.remote_id, {REFERENCE} FROM message m WHERE m.id IN ({marks})",
                window,
            )
            found.update((identity, KnownMessage(self._state(word), *rest)) for identity, word, *rest in rows)
        return found

    def planned_under(self, ids: Sequence[bytes], references: Collection[str]) -> Iterator[Waiting]:
        """The planned messages that have one of these ids, or went out under one of these references of the user's own."""
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._typed(WAITING_KINDS, f"{WAITING} AND m.id IN ({marks})", window)
            yield from (Waiting(*row) for row in rows)
        for row in self._typed(WAITING_KINDS, f"{WAITING} AND m.reference IS NOT NULL") if references else ():
            waiting = Waiting(*row)
            if any(reference in references for reference in references_of(waiting)):
                yield waiting

    def damages(self) -> list[str]:
        """What SQLite's own check, the rows' checksums and their count find; empty for a sound ledger. 1.3 s a million messages."""
        try:
            # Not `quick_check`: it doesn't compare the index with its table, and a message that the index lacks would be new.
            found = [f"its pages: {row[0]}" for row in self._rows("PRAGMA integrity_check(10)") if row[0] != "ok"]
            if found:
                return found  # counting rows on pages that lead back to themselves doesn't end
            wrong = self._value(wrong_checksums(self.version))
            held, counted = self._value("SELECT count(*) FROM message"), self._value("SELECT sum(messages) FROM spec")
        except LedgerTrouble as trouble:
            return [str(trouble)]
        if wrong:
            found.append(f"{wrong} messages don't match their checksums")
        if held != (counted or 0):
            found.append(f"it holds {held} messages and should hold {counted or 0}")
        return found

    def odd_moves(self) -> list[tuple[str | None, str, int]]:
        """Recorded moves that no message may make, with how often they stand there."""
        rows = self._rows("SELECT origin, target, count(*) FROM event GROUP BY origin, target")
        known = {(origin.value, target.value) for origin, target in ALLOWED}
        return [(origin, target, count) for origin, target, count in rows if (origin, target) not in known]

    def close(self) -> None:
        """Safe to call twice, and in a process forked from the one that opened it, where it does nothing."""
        if os.getpid() == self._pid:
            self._connection.close()
            if self._when_closed is not None:
                self._when_closed()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise LedgerTrouble(f"the ledger belongs to process {self._pid}", "open it anew in this process")

    def _state(self, word: str) -> State:
        state = STATE_BY_WORD.get(word)
        if state is None:
            raise LedgerDamaged(
                f"the ledger {self.path} is damaged: a message is in the state {word!r}", "restore it from a backup"
            )
        return state

    def _typed(self, kinds: Kinds, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows whose columns are of these kinds, and whose numbers can all be moments. Raises `LedgerDamaged` at another."""
        numbers = [column for column, kind in enumerate(kinds) if kind in (NUMBER, NO_NUMBER)]
        for row in self._stream(sql, parameters):
            if not all(map(isinstance, row, kinds)) or not all(
                row[column] is None or abs(row[column]) <= MAX_YEAR for column in numbers
            ):
                raise self._damaged("a value is of another kind than its column")
            yield row

    def _damaged(self, what: str) -> LedgerDamaged:
        return LedgerDamaged(f"the ledger {self.path} is damaged: {what}", "restore it from a backup")

    def _stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows as SQLite finds them: damage shows when its page is reached, not when the query is made."""
        self._check_process()
        if self._limit is not None:
            self._limit.begin()
        try:
            yield from self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            if str(error).startswith("Could not decode"):  # Python's own words, with the text in them
                raise self._damaged("a text is no UTF-8") from None
            raise trouble_of(self.path, error) from error

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return list(self._stream(sql, parameters))

    def _value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        rows = self._rows(sql, parameters)
        if not rows:
            raise self._damaged("a note is gone")
        return rows[0][0]

    def _number_of(self, sql: str) -> int:
        number = self._value(sql)
        if not isinstance(number, int):
            raise self._damaged("a value is of another kind than its column")
        return number
