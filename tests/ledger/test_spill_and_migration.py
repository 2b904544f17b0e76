"""Results that the ledger could not take, and ledgers that an older version made: nothing of either is lost."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from claim_factory import claims
from sendspec.composing.identity import payload_digest
from sendspec.diagnostics.exceptions import LedgerForeign, LedgerTooNew, LedgerUnwritable
from sendspec.ledger.record import Change, PlannedRecord, Route, RunOwner, Settlement, SpecIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.migration import MIGRATIONS, migrate
from sendspec.ledger.sqlite.opening import connect_to_write, create_ledger, open_to_read, open_to_write
from sendspec.ledger.sqlite.overflow_journal import RESULT_BYTES, SPILL_BYTES, journal_path, read_spill, write_spill
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION
from sendspec.ledger.transitions import MOVE_BY_NAME
from sendspec.planning.message_state import Fact, State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
IDS = [bytes([n]) * 16 for n in range(4)]
DIGEST = b"d" * 24
ROUTE = Route("workspace", "channel")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


def running(path: Path) -> SqliteLedger:
    """A ledger with a run begun and every message claimed."""
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    records = [PlannedRecord(identity, DIGEST, None, b"r" * 16, "+31••••••78") for identity in IDS]
    ledger.put_planned(SpecIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0, route=ROUTE)
    ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    return ledger


def begun(path: Path) -> SqliteLedger:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=9.0)
    return ledger


# ── results beside the ledger ────────────────────────────────────────────────────────────────────────────────────────


def test_the_room_for_results_is_taken_before_anything_is_sent_and_only_this_user_may_read_it(path: Path) -> None:
    begun(path).close()
    status = journal_path(path).stat()
    assert status.st_size == SPILL_BYTES
    assert status.st_blocks * 512 >= SPILL_BYTES
    assert stat.S_IMODE(status.st_mode) == 0o600


def test_more_messages_in_flight_have_more_room_taken_and_less_give_none_back(path: Path) -> None:
    ledger = running(path)
    ledger.make_room(3_200)
    assert journal_path(path).stat().st_size == 2 * 3_200 * RESULT_BYTES
    ledger.make_room(1)
    ledger.close()
    begun(path).close()
    assert journal_path(path).stat().st_size == 2 * 3_200 * RESULT_BYTES


def test_the_results_of_many_messages_are_kept_after_one_another(path: Path) -> None:
    many = [Settlement(n.to_bytes(16), 1, State.ACCEPTED, f"id-{n}", None, 202) for n in range(3_200)]
    for part in (many[:1_600], many[1_600:3_000], many[3_000:]):
        write_spill(path, "one", 7, part)
    assert [one.settlement for one in read_spill(path, "one")] == many


def test_kept_results_are_settled_by_the_next_run_and_the_rest_is_in_doubt(path: Path) -> None:
    ledger = running(path)
    ledger.spill([Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)])
    ledger.spill(
        [
            Settlement(IDS[1], 1, State.REFUSED, None, "422 no such number, ő\udcff", 422),
            Settlement(IDS[2], 1, State.PLANNED, None, "nothing left"),
        ]
    )
    ledger.abandon()
    ledger = begun(path)
    found = {message.id: message for message in ledger.messages()}
    assert [found[identity].state for identity in IDS] == [
        State.ACCEPTED, State.REFUSED, State.PLANNED, State.IN_DOUBT,
    ]  # fmt: skip
    assert found[IDS[0]].remote_id == "id-0"
    assert found[IDS[1]].http_status == 422
    assert ledger.damages() == []
    assert ledger.odd_moves() == []
    assert read_spill(path, "one") == []
    ledger.close()
    assert journal_path(path).stat().st_size == SPILL_BYTES


def test_a_kept_result_that_was_written_after_all_changes_nothing(path: Path) -> None:
    ledger = running(path)
    settlement = Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)
    ledger.exchange(settle=[settlement], claim=[], now=4.0)
    ledger.spill([settlement, Settlement(IDS[0], 1, State.REFUSED, None, "another", 422)])
    ledger.close()
    ledger = begun(path)
    assert ledger.facts([IDS[0]])[IDS[0]].state is State.ACCEPTED
    ledger.close()


def test_a_kept_result_of_another_attempt_or_run_changes_nothing(path: Path) -> None:
    ledger = running(path)
    ledger.spill([Settlement(IDS[0], 2, State.ACCEPTED, "id-0", None, 202)])
    write_spill(path, "one", 7, [Settlement(IDS[1], 1, State.ACCEPTED, "id-1", None, 202)])
    ledger.abandon()
    ledger = begun(path)
    assert {fact.state for fact in ledger.facts(IDS).values()} == {State.IN_DOUBT}
    ledger.close()


def test_a_result_that_was_cut_in_writing_is_left_out_with_all_that_follow(path: Path) -> None:
    ledger = running(path)
    ledger.spill([Settlement(IDS[n], 1, State.ACCEPTED, f"id-{n}", None, 202) for n in range(3)])
    ledger.abandon()
    written = journal_path(path).read_bytes()
    lines = written.rstrip(b"\0").split(b"\n")
    torn = lines[0] + b"\n" + lines[1][:-9]
    journal_path(path).write_bytes(torn.ljust(SPILL_BYTES, b"\0"))
    ledger = begun(path)
    states = [ledger.facts([identity])[identity].state for identity in IDS]
    assert states == [State.ACCEPTED, State.IN_DOUBT, State.IN_DOUBT, State.IN_DOUBT]
    ledger.close()


def test_results_of_another_ledger_are_refused_and_kept(path: Path) -> None:
    write_spill(path, "another", 1, [Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)])
    ledger = open_to_write(path, "one")
    with pytest.raises(LedgerForeign, match="results of another ledger"):
        ledger.begin(OWNER, now=2.0)
    ledger.close()
    assert len(read_spill(path, "another")) == 1


def test_without_room_for_results_no_run_begins(path: Path) -> None:
    journal_path(path).mkdir()
    ledger = open_to_write(path, "one")
    with pytest.raises(LedgerUnwritable):
        ledger.begin(OWNER, now=2.0)
    ledger.abandon()


# ── older and newer ledgers ──────────────────────────────────────────────────────────────────────────────────────────


SALT = b"s" * 32
PLAIN = b"d" * 32
"""What an older ledger has for a payload's digest: a SHA-256 that nothing keys."""


@pytest.fixture(params=[1, 2])
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
    assert ledger.known(IDS) == {identity + keyed: state for identity, state in states.items()}
    assert ledger.damages() == []
    assert [message.reference for message in ledger.messages()] == ["order-1", None, None, None]
    [send] = ledger.sends("hello")
    assert (send.messages, send.claimed, send.baselined, send.key_tree) == (4, True, False, None)
    assert ledger.planned("hello") == {1: 1}
    ledger.close()
    assert version(old) == before


def test_a_ledger_of_an_older_version_goes_on_as_one_of_this_version(old: Path) -> None:
    before = version(old)
    told: list[str] = []
    open_to_write(old, "one", salt=SALT, tell=told.append).close()
    assert [words.startswith(f"note: the ledger {old} is of version {before};") for words in told] == [True]
    ledger = begun_again(old)
    assert version(old) == SCHEMA_VERSION
    route = ROUTE if before == 2 else None
    missed = 5.0 if before == 2 else None
    assert [(d.id, d.route, d.claimed_at, d.missed_at, d.first_claimed_at) for d in ledger.doubts()] == [
        (IDS[1], route, 3.0, missed, None),
        (IDS[2], route, 3.0, None, None),
    ]
    assert {fact.digest for fact in ledger.facts(IDS).values()} == {payload_digest(SALT, PLAIN)}
    assert ledger.moves == 6
    assert ledger.odd_moves() == []
    again = Change(id=IDS[1], attempt=1, to=State.PLANNED, reason="a person", resend=True)
    ledger.move(MOVE_BY_NAME["resolve"], [again], now=10.0)
    assert ledger.damages() == []
    ledger.close()
    ledger = open_to_write(old, "one", salt=SALT)
    assert ledger.facts([IDS[1]])[IDS[1]].resend == 1
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
    assert ledger.damages() == []
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


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_purging_touches_settled_messages_of_that_age_only(path: Path) -> None:
    ledger = running(path)
    ledger.exchange(settle=[Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)], claim=[], now=100.0)
    ledger.exchange(settle=[Settlement(IDS[1], 1, State.REFUSED, None, "422 no", 422)], claim=[], now=200.0)
    ledger.exchange(settle=[Settlement(IDS[2], 1, State.IN_DOUBT, None, "lost")], claim=[], now=100.0)
    assert ledger.purge(before=150.0) == 1
    found = {message.id: message for message in ledger.messages()}
    assert (found[IDS[0]].masked, found[IDS[0]].remote_id) == ("", "id-0")
    assert (found[IDS[1]].masked, found[IDS[1]].evidence) == ("+31••••••78", "422 no")
    assert found[IDS[2]].masked == "+31••••••78"
    assert ledger.purge(before=150.0) == 0
    assert ledger.damages() == []
    ledger.close()
