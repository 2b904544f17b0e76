"""What a ledger finds wrong with itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import IDS, OWNER
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.record import (
    Claim,
    PlannedRecord,
    Route,
    SendIdentity,
)
from sendspec.ledger.sqlite.connection import connect_to_read
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.planning.message_state import State

HERE, ELSEWHERE = Route("workspace", "channel"), Route("workspace", "another channel")


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    opened = open_to_write(path, "one")
    opened.begin(OWNER, now=2.0)
    yield opened
    opened.abandon()


def plan(
    ledger: SqliteLedger,
    *ids: bytes,
    name: str = "hello",
    generation: int = 1,
    route: Route | None = HERE,
    reference: str | None = None,
) -> None:
    records = [PlannedRecord(identity, b"d" * 24, reference, identity, "+31••••••78") for identity in ids]
    send = SendIdentity(name, generation, f"{name}-{generation}.yaml")
    ledger.put_planned(send, records, b"p" * 32, now=2.0, route=route)


def elsewhere(path: Path, *statements: str) -> None:
    """Changes the ledger's file as no program of ours does."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_sound_ledger_has_no_damages_with_messages_and_without(ledger: SqliteLedger) -> None:
    assert ledger.find_damage() == []
    plan(ledger, *IDS)
    assert ledger.find_damage() == []


def test_a_message_that_vanished_is_missed(ledger: SqliteLedger, path: Path) -> None:
    plan(ledger, *IDS)
    elsewhere(path, "DELETE FROM message WHERE id = x'" + IDS[3].hex() + "'")
    assert ledger.find_damage() == ["it holds 7 messages and should hold 8"]
    with pytest.raises(LedgerDamaged, match="should hold 8"):
        open_to_write(path, "one")


def test_messages_of_no_send_are_too_many(ledger: SqliteLedger, path: Path) -> None:
    plan(ledger, IDS[0])
    elsewhere(path, "DELETE FROM spec")
    assert ledger.find_damage() == [
        "it holds 1 message and should hold 0",
        "it lacks the sends of 1 message",
        "it lacks the sends of 1 plan",
    ]


@pytest.mark.parametrize(
    ("statement", "damages"),
    [
        ("DELETE FROM message WHERE spec = 2; DELETE FROM spec WHERE number = 2", ["it lacks the sends of 1 plan"]),
        (
            "DELETE FROM spec WHERE number = 2; UPDATE spec SET messages = 8",
            ["it lacks the sends of 4 messages", "it lacks the sends of 1 plan"],
        ),
        ("DELETE FROM run", ["it lacks the runs of 2 plans"]),
    ],
)
def test_a_send_or_a_run_that_was_deleted_whole_is_missed(
    ledger: SqliteLedger, path: Path, statement: str, damages: list[str]
) -> None:
    """Their counts agree still."""
    plan(ledger, *IDS[:4])
    plan(ledger, *IDS[4:], name="later")
    elsewhere(path, *statement.split("; "))
    assert ledger.find_damage() == damages
    with pytest.raises(LedgerDamaged, match="it lacks the"):
        open_to_write(path, "one")


@pytest.mark.parametrize("column", ["state = 'accepted'", "attempt = 1", "digest = zeroblob(24)", "remote_id = 'x'",
                                    "reference = 'x'", "receiver = x'00'", "resend = 1", "spec = 2", "first_claimed_at = 1"])  # fmt: skip
def test_every_part_of_a_message_that_matters_is_under_its_checksum(
    ledger: SqliteLedger, path: Path, column: str
) -> None:
    plan(ledger, IDS[0])
    plan(ledger, name="bye")
    elsewhere(path, f"UPDATE message SET {column}")
    assert ledger.find_damage() == ["a message doesn't match its checksum"]


def test_a_ledger_without_its_tables_says_so_instead_of_breaking(ledger: SqliteLedger, path: Path) -> None:
    elsewhere(path, "DROP TABLE event", "DROP TABLE message")
    found = ledger.find_damage()
    assert len(found) == 1
    assert "no such table: message" in found[0]
    with pytest.raises(LedgerDamaged, match="damaged"):
        ledger.facts([IDS[0]])


def test_a_state_that_is_none_is_a_damage_and_never_a_message_to_send(ledger: SqliteLedger, path: Path) -> None:
    plan(ledger, IDS[0])
    elsewhere(path, "UPDATE message SET state = 'lost'")
    for look in (
        lambda: ledger.facts(IDS),
        lambda: ledger.prior_states(IDS),
        lambda: ledger.states("hello", 1),
    ):
        with pytest.raises(LedgerDamaged, match="in the state 'lost'"):
            look()


def test_a_ledger_without_its_name_is_a_damage(ledger: SqliteLedger, path: Path) -> None:
    elsewhere(path, "DELETE FROM meta WHERE name = 'id'")
    with pytest.raises(LedgerDamaged, match="a note is gone"):
        open_to_read(path, "one")


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("updated_at", "'x'", "another kind"),
        ("updated_at", "1e300", "another kind"),
        ("masked", "x'ff'", "another kind"),
        ("masked", "CAST(x'ff' AS TEXT)", "no UTF-8"),
    ],
)
def test_a_value_of_another_kind_is_damage(path: Path, column: str, value: str, what: str) -> None:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    plan(ledger, IDS[0])
    ledger.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE message SET {column} = {value}")
    connection.close()
    looked = open_to_read(path, "one")
    with pytest.raises(LedgerDamaged, match=what):
        list(looked.messages())
    looked.close()


def test_a_schema_that_is_no_utf8_is_damage(path: Path) -> None:
    """SQLite quotes it in its message, which Python then can't decode."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = CAST(x'43ff' AS TEXT), name = CAST(x'ff' AS TEXT) WHERE name = 'plan'"
        )
    connection.close()
    with pytest.raises(LedgerDamaged):
        open_to_read(path, "one")


def test_notes_and_times_that_are_none_are_damage(running: SqliteLedger, path: Path) -> None:
    assert running.find_damage() == []
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("UPDATE meta SET value = 'x' WHERE name = 'created_at'")
    other.execute("UPDATE message SET updated_at = 'x' WHERE number < 3")
    other.execute("UPDATE run SET started_at = 1e300")
    other.close()
    assert running.find_damage() == [
        "2 rows of run have a time that is none",
        "2 rows of message have a time that is none",
        "its note 'created_at' is no time",
    ]


@pytest.mark.parametrize("odd", ["at = 'soon'", "at = 9e300", "attempt = 'x'", "evidence = x'ff'", "target = x'00'"])
@pytest.mark.parametrize("number", [1, 299])
def test_an_odd_move_of_a_send_is_damage_wherever_it_stands(
    ledger: SqliteLedger, path: Path, odd: str, number: int
) -> None:
    """Rows are checked in blocks, so it has to show behind the first of them too."""
    ids = [n.to_bytes(16, "big") for n in range(300)]
    plan(ledger, *ids)
    ledger.exchange(settle=[], claim=[Claim(identity, b"d" * 24, None) for identity in ids], now=3.0)
    assert len(list(ledger.recorded_moves("hello", 1))) == 300
    elsewhere(path, f"UPDATE event SET {odd} WHERE number = {number}")
    with pytest.raises(LedgerDamaged, match="another kind than its column"):
        list(ledger.recorded_moves("hello", 1))


MANY = [b"%016d" % n for n in range(1, 601)]


def test_messages_in_plan_order_are_not_looked_up_one_by_one(ledger: SqliteLedger, path: Path) -> None:
    plan(ledger, *MANY)
    asked: list[str] = []

    def traced(place: str) -> sqlite3.Connection:
        connection = connect_to_read(place)
        connection.set_trace_callback(asked.append)
        return connection

    looked = open_to_read(path, "one", traced)
    asked.clear()
    assert looked.prior_states(MANY) == {identity + b"d" * 24: State.PLANNED for identity in MANY}
    assert 0 < max(sql.count(",") for sql in asked) < 20
    looked.close()


@pytest.mark.parametrize(
    ("odd", "what"),
    [("state = 'sent'", "in the state 'sent'"), ("state = x'00'", "in the state")],
)
def test_an_unknown_state_among_many_is_damage(ledger: SqliteLedger, path: Path, odd: str, what: str) -> None:
    plan(ledger, *MANY)
    elsewhere(path, f"UPDATE message SET {odd} WHERE number = 300")
    with pytest.raises(LedgerDamaged, match=what):
        ledger.prior_states(MANY)


@pytest.mark.parametrize("odd", ["CAST(id || 'x' AS BLOB)", "CAST(id AS TEXT)", "substr(id, 1, 15)"])
def test_an_id_of_another_kind_is_nobodys(ledger: SqliteLedger, path: Path, odd: str) -> None:
    """Neither by itself nor among its neighbours."""
    plan(ledger, *MANY)
    elsewhere(path, f"UPDATE message SET id = {odd} WHERE number = 300")
    found = ledger.prior_states(MANY)
    assert {key[:16] for key in found} == set(ledger.facts(MANY)) == set(MANY) - {MANY[299]}
