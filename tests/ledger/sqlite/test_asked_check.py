"""A send verifies of a large spec what it asks about, and of a small one everything."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_samples import DIGEST, OWNER, SEND, claims, record
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.record import SendIdentity, Settlement
from sendspec.ledger.sqlite.asked_check import MOST_ASKED, READ_AT_ONCE
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.seal import file_state, read_seal, write_seal
from sendspec.planning.message_state import State

HELD = READ_AT_ONCE + 600
OLD = [n.to_bytes(4, "big") + b"abcdefghijkl" for n in range(1, 2 * HELD, 2)]
"""The messages of `hello`. Between any two of their ids there is one that is not in the ledger."""
NEW = [n.to_bytes(4, "big") + b"abcdefghijkl" for n in range(0, 2 * HELD, 2)]
OTHER = SendIdentity("other", 1, "other.yaml")
OTHERS = [bytes([n]) * 16 for n in range(200, 210)]
MAY_ASK = HELD // MOST_ASKED


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose seal covers `hello`, with many accepted messages, and `other`, with ten."""
    path = tmp_path_factory.mktemp("asked") / "test.db"
    create_ledger(path, "one", now=1.0)
    for send, ids in ((SEND, OLD), (OTHER, OTHERS), (OTHER, [])):
        ledger = open_to_write(path, "one", trusts_seal=True)
        ledger.begin(OWNER, now=2.0)
        ledger.put_planned(send, map(record, ids), b"p" * 32, now=2.0)
        won = ledger.exchange(settle=[], claim=claims(ids), now=3.0).won
        ledger.exchange(settle=[Settlement(i, a, State.ACCEPTED) for i, a in won.items()], claim=[], now=4.0)
        ledger.end(now=5.0, ending="finished", requests=0)
        ledger.close()
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """A copy of it with a seal of its own."""
    copy = tmp_path / "test.db"
    copy.write_bytes(made.read_bytes())
    seal, state = read_seal(made, "one", None), file_state(copy)
    assert seal is not None
    assert state is not None
    assert seal.point.messages == HELD + len(OTHERS)
    write_seal(copy, "one", None, seal, state)
    return copy


def seal_again(path: Path, change: Callable[[], None]) -> None:
    """Changes the file as damage below the file system would: the seal still fits."""
    seal = read_seal(path, "one", None)
    assert seal is not None
    change()
    state = file_state(path)
    assert state is not None
    write_seal(path, "one", None, seal, state)


def damage(path: Path, sql: str, *parameters: object) -> None:
    def change() -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(sql, parameters)
        connection.close()

    seal_again(path, change)


def flip(path: Path, wanted: bytes, nth: int, at: int) -> None:
    """Flips a bit of the byte `at` of the place where `wanted` is in the file for the nth time."""

    def change() -> None:
        raw = bytearray(path.read_bytes())
        place = -1
        for _ in range(nth + 1):
            place = raw.index(wanted, place + 1)
        raw[place + at] ^= 1 << (at % 8)
        path.write_bytes(raw)

    seal_again(path, change)


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], SqliteLedger]]:
    """Opens the ledger as a send of `hello` does."""
    held: list[SqliteLedger] = []

    def open_it() -> SqliteLedger:
        ledger = open_to_write(path, "one", trusts_seal=True)
        held.append(ledger)
        assert not ledger._is_wholly_checked
        ledger.check_sends({"hello"})
        return ledger

    yield open_it
    for ledger in held:
        ledger.abandon()


ASKED: dict[str, Callable[[SqliteLedger, list[bytes]], object]] = {
    "facts": lambda ledger, ids: ledger.facts(ids),
    "prior states": lambda ledger, ids: ledger.prior_states(ids),
    "known messages": lambda ledger, ids: ledger.known_messages(ids),
    "planned under": lambda ledger, ids: list(ledger.planned_under(ids, (), ())),
}
CHANGED = {
    "digest": ("UPDATE message SET digest = zeroblob(24) WHERE id = ?", "checksum"),
    "state": ("UPDATE message SET state = 'planned' WHERE id = ?", "checksum"),
    "spec": ("UPDATE message SET spec = 2 WHERE id = ?", "checksum"),
    "time": ("UPDATE message SET updated_at = 1e300 WHERE id = ?", "a time that is none"),
}


@pytest.mark.parametrize("asks", ASKED)
@pytest.mark.parametrize("what", CHANGED)
def test_a_damaged_message_is_found_when_it_is_asked_about(
    path: Path, opened: Callable[[], SqliteLedger], asks: str, what: str
) -> None:
    sql, words = CHANGED[what]
    damage(path, sql, OLD[700])
    ledger = opened()
    ASKED[asks](ledger, [OLD[3], OLD[-1], NEW[7]])
    with pytest.raises(LedgerDamaged, match=words):
        ASKED[asks](ledger, [OLD[3], OLD[700], NEW[7]])


def test_damage_that_nobody_asks_about_is_found_by_a_check_of_all(
    path: Path, opened: Callable[[], SqliteLedger]
) -> None:
    damage(path, CHANGED["digest"][0], OLD[700])
    opened().facts(OLD[:20])
    reader = open_to_read(path, "one")
    assert reader.find_damage() == ["a message doesn't match its checksum"]
    reader.close()


@pytest.mark.parametrize("at", range(16))
@pytest.mark.parametrize("nth", [0, 1])
def test_a_flipped_bit_of_an_id_is_found_in_the_table_and_in_the_index(
    path: Path, opened: Callable[[], SqliteLedger], nth: int, at: int
) -> None:
    """A message that the index lacks would be new, and be sent again."""
    assert path.read_bytes().count(OLD[800]) == 2
    flip(path, OLD[800], nth, at)
    ledger = opened()
    ledger.facts([OLD[3]])
    with pytest.raises(LedgerDamaged, match="is damaged"):
        ledger.facts([OLD[800]])


def test_messages_that_are_not_there_are_told_apart_from_damage(opened: Callable[[], SqliteLedger]) -> None:
    ledger = opened()
    assert ledger.facts([NEW[0], *NEW[800:810], b"\xff" * 16, b"\0" * 16]) == {}
    assert len(ledger.prior_states([*OLD[:5], *NEW[:5]])) == 5


def test_who_asks_about_many_has_all_verified(path: Path, opened: Callable[[], SqliteLedger]) -> None:
    damage(path, CHANGED["digest"][0], OLD[700])
    ledger = opened()
    ledger.facts(OLD[: MAY_ASK - 1])
    ledger.facts(NEW[:1])
    with pytest.raises(LedgerDamaged, match="a message doesn't match its checksum"):
        ledger.facts(NEW[:1])
    ledger = opened()
    with pytest.raises(LedgerDamaged, match="a message doesn't match its checksum"):
        ledger.facts(NEW[: MAY_ASK + 1])


def test_what_was_verified_as_a_whole_is_not_verified_again(path: Path, opened: Callable[[], SqliteLedger]) -> None:
    ledger = opened()
    ledger.facts(NEW[: MAY_ASK + 1])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(CHANGED["digest"][0], (OLD[700],))
    connection.close()
    assert ledger.facts([OLD[700]])[OLD[700]].digest != DIGEST


def test_small_specs_are_counted_beside_a_large_one(path: Path, opened: Callable[[], SqliteLedger]) -> None:
    """A send that is noted to have no message isn't asked about any. Without notes of counts, its messages are counted."""
    wrong = "UPDATE spec SET messages = CASE number WHEN 2 THEN 0 ELSE messages + 10 END"
    damage(path, wrong)
    with pytest.raises(LedgerDamaged, match="another number of messages than it should, of 2 sends"):
        opened()
    damage(path, "DELETE FROM meta WHERE name = 'tally'")
    ledger = opened()
    with pytest.raises(LedgerDamaged, match="another number of messages than it should, of 1 send"):
        ledger.check_sends({"hello", "other"})


def test_a_small_spec_is_verified_as_a_whole(path: Path) -> None:
    damage(path, CHANGED["digest"][0], OTHERS[4])
    ledger = open_to_write(path, "one", trusts_seal=True)
    ledger.check_sends({"hello"})
    with pytest.raises(LedgerDamaged, match="a message doesn't match its checksum"):
        ledger.check_sends({"other"})
    ledger.abandon()


NOTES = {
    "a count": ("UPDATE meta SET value = replace(value, 'accepted 1', 'accepted 2') WHERE name = 'tally-1'", "counts"),
    "a state": ("UPDATE meta SET value = replace(value, 'accepted', 'planned') WHERE name = 'tally-1'", "counts"),
    "another spec's": ("UPDATE meta SET value = (SELECT value FROM meta WHERE name = 'tally-2') WHERE name = 'tally-1'", "counts"),
    "no text": ("UPDATE meta SET value = x'ff' WHERE name = 'tally-1'", "counts"),
    "a number": ("UPDATE meta SET value = 7 WHERE name = 'tally'", "counts"),
    "gone": ("DELETE FROM meta WHERE name = 'tally-1'", "number of messages"),
}  # fmt: skip


@pytest.mark.parametrize("what", NOTES)
def test_damaged_notes_of_counts_are_found(path: Path, what: str) -> None:
    sql, words = NOTES[what]
    damage(path, sql)
    with pytest.raises(LedgerDamaged, match=words):
        open_to_write(path, "one", trusts_seal=True)
    reader = open_to_read(path, "one")
    assert len(reader.find_damage()) == 1
    reader.close()


def test_a_ledger_without_notes_counts_its_messages(path: Path, opened: Callable[[], SqliteLedger]) -> None:
    damage(path, "DELETE FROM meta WHERE name = 'tally'")
    ledger = opened()
    assert ledger.states("hello", 1) == {State.ACCEPTED: HELD}
    ledger.begin(OWNER, now=9.0)
    ledger.end(now=9.0, ending="finished", requests=0)
    ledger.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM meta WHERE name LIKE 'tally%'").fetchall() == [(3,)]
    connection.close()
