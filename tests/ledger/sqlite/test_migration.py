"""Ledgers of earlier versions: read as they are, migrated in one transaction."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import OWNER
from sendspec.composing.identity import payload_digest
from sendspec.diagnostics.exceptions import LedgerTooNew, LedgerUnwritable
from sendspec.ledger import access
from sendspec.ledger.copying import copy_ledger
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import Change, Route
from sendspec.ledger.send_record import EvidenceCount, MeasuredMessage, MessageKey
from sendspec.ledger.sqlite.connection import connect_to_write
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.migration import MIGRATIONS, migrate
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.reading.environment import LedgerFile

IDS = [bytes([n]) * 16 for n in range(4)]
ROUTE = Route("workspace", "channel")


SALT = b"s" * 32
PLAIN = b"d" * 32
"""What an older ledger has for a payload's digest: a SHA-256 that nothing keys."""


@pytest.fixture(params=[1, 2, 3])
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A ledger as an older version made it: one message accepted, one in doubt, one sending, one planned."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript((Path(__file__).parent / f"version_{request.param}.sql").read_text(encoding="utf-8"))
    connection.close()
    return path


def begun_again(old: Path) -> SqliteLedger:
    ledger = open_to_write(old, "one", salt=SALT)
    ledger.begin(OWNER, now=9.0)
    return ledger


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.close()
    return found


def test_a_ledger_of_an_older_version_can_be_read_as_it_is(old: Path) -> None:
    before = version(old)
    ledger = open_to_read(old, "one", salt=SALT)
    keyed = payload_digest(SALT, PLAIN)
    states = dict(zip(IDS, [State.ACCEPTED, State.IN_DOUBT, State.SENDING, State.PLANNED], strict=True))
    assert ledger.facts(IDS) == {identity: Fact(state, keyed) for identity, state in states.items()}
    assert ledger.prior_states(IDS) == {identity + keyed: state for identity, state in states.items()}
    assert ledger.find_damage() == []
    assert [message.reference for message in ledger.messages()] == ["order-1", None, None, None]
    [send] = ledger.sends("hello")
    assert (send.messages, send.claimed, send.baselined, send.key_tree) == (4, True, False, None)
    assert ledger.planned_counts("hello") == {1: 1}
    assert ledger.refused_since(0) == set()
    assert all(run.note is None for run in ledger.runs_of("hello", 1, 9))
    assert ledger.shapes_accepted({"hello"}) == set()
    assert [(each.size, each.count) for each in ledger.sizes("hello", 1)] == [(None, 1)] * 4
    assert ledger.evidence_of("hello", 1, (State.IN_DOUBT,), 9).listed == [EvidenceCount("no answer", 1, IDS[1])]
    keys: list[MessageKey] = [1, 2, 3, 4] if before >= 3 else [*IDS]
    moves = list(ledger.recorded_moves("hello", 1))
    assert [(move.message, move.target) for move in moves] == [
        *((key, "sending") for key in keys[:3]), (keys[0], "accepted"), (keys[1], "in_doubt"),
    ]  # fmt: skip
    assert [move.message for move in ledger.moves_by_message("hello", 1)] == [keys[0]] * 2 + [keys[1]] * 2 + [keys[2]]
    everybody = list(ledger.messages_of_send("hello", 1))
    assert [(key, message.id) for key, message in everybody] == list(zip(keys, IDS, strict=True))
    assert ledger.messages_under(keys[:1]) == ledger.messages_among(IDS[:1]) == everybody[:1]
    assert ledger.measured(IDS[:1]) == {IDS[0]: MeasuredMessage(State.ACCEPTED, None)}
    ledger.close()
    assert version(old) == before


def test_a_command_migrates_it_too_and_so_does_copying_it(old: Path, tmp_path: Path) -> None:
    before = version(old)
    place, copy = LedgerFile(old, durable=True), LedgerFile(tmp_path / "copy.db", durable=True)
    identity = LedgerIdentity("one", SALT)
    copied = LedgerFile(tmp_path / "other.db", durable=True)
    copied.file.write_bytes(old.read_bytes())
    told: list[str] = []
    assert access.migrate(place, identity, OWNER, since="now", tell=told.append) == (before, SCHEMA_VERSION)
    assert len(told) == 1
    assert access.migrate(place, identity, OWNER, since="now") == (SCHEMA_VERSION, SCHEMA_VERSION)
    copy_ledger(copied, copy, identity, OWNER, since="now", now=9.0, ci=False)
    with access.read(copy, identity) as facts:
        assert facts.states("hello", 1) == {State.ACCEPTED: 1, State.IN_DOUBT: 2, State.PLANNED: 1}
        assert facts.find_damage() == []


def test_a_ledger_of_an_older_version_goes_on_as_one_of_this_version(old: Path) -> None:
    before = version(old)
    told: list[str] = []
    open_to_write(old, "one", salt=SALT, tell=told.append).close()
    assert [words.startswith(f"note: the ledger {old} is of version {before};") for words in told] == [True]
    ledger = begun_again(old)
    assert version(old) == SCHEMA_VERSION
    route = ROUTE if before >= 2 else None
    missed = 5.0 if before >= 2 else None
    assert [(d.id, d.route, d.local_claimed_at, d.missed_at, d.first_claimed_at) for d in ledger.doubts()] == [
        (IDS[1], route, 3.0, missed, None),
        (IDS[2], route, 3.0, None, None),
    ]
    assert {fact.digest for fact in ledger.facts(IDS).values()} == {payload_digest(SALT, PLAIN)}
    assert ledger.moves == 6
    assert ledger.odd_moves() == []
    again = Change(id=IDS[1], attempt=1, to=State.PLANNED, reason="a person", resend=True)
    ledger.move(MOVE_BY_NAME["resolve"], [again], now=10.0)
    assert ledger.find_damage() == []
    ledger.close()
    ledger = open_to_write(old, "one", salt=SALT)
    assert ledger.facts([IDS[1]])[IDS[1]].resend == 1
    ledger.close()


def test_a_migration_costs_one_whole_check_where_it_writes_no_row(old: Path) -> None:
    """From version 1 and 2, it writes all rows: the next opening verifies those, from the file."""
    writes_rows = version(old) < 3
    place, identity = LedgerFile(old, durable=True), LedgerIdentity("one", SALT)
    access.migrate(place, identity, OWNER, since="now", now=9.0)
    for reads_all in (writes_rows, False):
        ledger = open_to_write(old, "one", salt=SALT, trusts_seal=True, now=9.0)
        assert ledger._is_wholly_checked is reads_all
        assert len(list(ledger.doubts())) == 1
        ledger.close()
    ledger = open_to_write(old, "one", salt=SALT, trusts_seal=True)
    assert ledger.begin(OWNER, now=10.0).recovered == 1
    ledger.close()


def test_a_run_that_migrates_leaves_a_proof_where_it_writes_no_row(old: Path) -> None:
    writes_rows = version(old) < 3
    ledger = begun_again(old)
    ledger.end(now=9.0, ending="finished", requests=0)
    ledger.close()
    ledger = open_to_write(old, "one", salt=SALT, trusts_seal=True)
    assert ledger._is_wholly_checked is writes_rows
    ledger.close()


CHANGING = ("ALTER", "CREATE", "DROP", "INSERT", "PRAGMA user_version =", "COMMIT")


class Failing:
    """A connection whose nth statement of changing the tables fails as a kill would: nothing after it happens."""

    def __init__(self, connection: sqlite3.Connection, nth: int) -> None:
        self._connection, self._left = connection, nth

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql.startswith(CHANGING):
            self._left -= 1
            if self._left < 0:
                raise sqlite3.OperationalError("killed")
        return self._connection.execute(sql, *parameters)


def failing_at(nth: int) -> Any:
    """Connects as a writer does, and fails at change number `nth`, from 0."""
    return lambda path: Failing(connect_to_write(path), nth)


def test_a_ledger_of_this_version_is_left_as_it_is(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    before = list(connection.iterdump())
    migrate(connection)
    assert list(connection.iterdump()) == before
    assert not connection.in_transaction
    connection.close()


def test_a_migration_that_ends_at_any_statement_leaves_the_old_ledger_whole(old: Path) -> None:
    before = version(old)
    statements = sum(len(MIGRATIONS[number]) for number in range(before, SCHEMA_VERSION)) + 2
    for nth in range(statements):
        with pytest.raises(LedgerUnwritable):
            open_to_write(old, "one", failing_at(nth), salt=SALT)
        assert version(old) == before
    ledger = begun_again(old)
    assert ledger.find_damage() == []
    ledger.close()


def test_without_the_room_that_a_migration_takes_it_does_not_begin(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result((4096, 4096, 9, 1, 1, 9, 9, 9, 0, 255)))
    with pytest.raises(LedgerUnwritable, match="takes 1 MB; 1 MB are free"):
        open_to_write(old, "one", salt=SALT)
    assert version(old) < SCHEMA_VERSION


def test_a_ledger_of_a_later_version_is_refused_untouched(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerTooNew):
            opening(path, "one")
    assert path.read_bytes() == before
