"""Writing that fails: what was begun is undone, nothing is tried a second time, and no wrong move gets in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claim_factory import claims
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.record import Change, PlannedRecord, Route, RunOwner, Settlement, SpecIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import connect_to_still, create_ledger, open_to_read, open_to_write
from sendspec.ledger.sqlite.overflow_journal import (
    SPILL_BYTES,
    JournalledResult,
    clear_spill,
    journal_path,
    prepare_spill,
    read_spill,
    write_spill,
)
from sendspec.ledger.sqlite.writer import MOVES_BETWEEN_CHECKPOINTS
from sendspec.ledger.transitions import MOVE_BY_NAME
from sendspec.planning.message_state import State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
SEND = SpecIdentity("hello", 1, "hello.yaml")
IDS = [bytes([n]) * 16 for n in range(4)]


def record(identity: bytes) -> PlannedRecord:
    return PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+31••••••78")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    """A run begun, with four messages planned."""
    opened = open_to_write(path, "one")
    opened.begin(OWNER, now=2.0)
    opened.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0, route=Route("workspace", "channel"))
    yield opened
    opened.abandon()


def states(path: Path) -> dict[State, int]:
    """What another process finds in the ledger."""
    other = open_to_read(path, "one")
    try:
        return other.states("hello", 1)
    finally:
        other.close()


# ── after a write that failed ────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_that_the_disk_does_not_take_is_undone_and_nothing_is_tried_again(
    ledger: SqliteLedger, path: Path, no_room: Any
) -> None:
    with no_room(), pytest.raises(LedgerUnwritable, match="disk I/O error") as trouble:
        ledger.put_planned(SEND, (record(n.to_bytes(16)) for n in range(99)), b"q" * 32, now=3.0)
    assert "make room for about" not in trouble.value.fix
    with pytest.raises(LedgerUnwritable, match="before"):
        ledger.exchange(settle=[], claim=claims(IDS), now=4.0)
    ledger.close()
    assert states(path) == {State.PLANNED: 4}


def test_a_claim_that_the_disk_does_not_take_is_not_won(ledger: SqliteLedger, path: Path, no_room: Any) -> None:
    with no_room(), pytest.raises(LedgerUnwritable):
        ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    with pytest.raises(LedgerUnwritable, match="before"):
        ledger.exchange(settle=[], claim=claims(IDS), now=4.0)
    ledger.close()
    assert states(path) == {State.PLANNED: 4}


def test_a_checkpoint_that_fails_is_told_and_loses_nothing(ledger: SqliteLedger, path: Path, no_room: Any) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:3]), now=3.0)
    log = path.with_name("test.db-wal").stat().st_size
    with no_room(), pytest.raises(LedgerUnwritable, match="disk I/O error"):
        ledger.close()
    assert path.with_name("test.db-wal").stat().st_size == log
    ledger.close()
    assert states(path) == {State.PLANNED: 1, State.SENDING: 3}


def test_a_purge_whose_checkpoint_fails_ends_the_writing(ledger: SqliteLedger, path: Path, no_room: Any) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    with no_room(), pytest.raises(LedgerUnwritable):
        ledger.purge(before=9.0)
    with pytest.raises(LedgerUnwritable, match="before"):
        ledger.exchange(settle=[], claim=claims(IDS[1:]), now=4.0)


def test_a_damage_that_is_met_in_the_middle_undoes_the_exchange_and_ends_the_writing(
    ledger: SqliteLedger, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("DELETE FROM meta WHERE name = 'epoch'")
    with pytest.raises(LedgerDamaged, match="a note is gone"):
        ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    other.execute("INSERT INTO meta VALUES ('epoch', 1)")
    other.close()
    with pytest.raises(LedgerUnwritable, match="before"):
        ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    assert states(path) == {State.PLANNED: 4}


def test_a_ledger_that_was_closed_takes_nothing_more(ledger: SqliteLedger, path: Path) -> None:
    ledger.close()
    for _ in range(2):
        with pytest.raises(LedgerUnwritable):
            ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    assert states(path) == {State.PLANNED: 4}


def test_the_log_is_brought_into_the_ledgers_own_file_after_so_many_moves(path: Path) -> None:
    ids = [n.to_bytes(16) for n in range(MOVES_BETWEEN_CHECKPOINTS)]
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    ledger.put_planned(SEND, map(record, ids), b"p" * 32, now=2.0)

    def without_log() -> tuple[Any, ...]:
        connection = connect_to_still(str(path))
        found = connection.execute("SELECT state, count(*) FROM message GROUP BY state").fetchall()
        connection.close()
        return tuple(found)

    ledger.exchange(settle=[], claim=claims(ids[:-1]), now=3.0)
    assert without_log() == (("planned", len(ids)),)
    ledger.exchange(settle=[], claim=claims(ids[-1:]), now=3.0)
    assert without_log() == (("sending", len(ids)),)
    ledger.abandon()


# ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("to", [State.SKIPPED, State.SENDING])
def test_an_attempt_does_not_end_in_a_state_that_nothing_leads_to(ledger: SqliteLedger, path: Path, to: State) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    with pytest.raises(AssertionError):
        ledger.exchange(settle=[Settlement(IDS[0], 1, to)], claim=claims(IDS[1:]), now=4.0)
    assert states(path) == {State.PLANNED: 3, State.SENDING: 1}
    ledger.exchange(settle=[Settlement(IDS[0], 1, State.ACCEPTED, "id")], claim=claims(IDS[1:]), now=4.0)
    assert states(path) == {State.ACCEPTED: 1, State.SENDING: 3}


@pytest.mark.parametrize(
    ("name", "to", "reason"),
    [
        ("release", State.PLANNED, "only an attempt's own end releases"),
        ("find", State.PLANNED, "the API lists it"),
        ("resolve", State.ACCEPTED, ""),
    ],
)
def test_a_message_is_moved_only_as_the_table_of_moves_says_and_with_a_reason(
    ledger: SqliteLedger, path: Path, name: str, to: State, reason: str
) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    if name != "release":
        ledger.exchange(settle=[Settlement(IDS[0], 1, State.IN_DOUBT)], claim=[], now=4.0)
    before = states(path)
    with pytest.raises(AssertionError):
        ledger.move(MOVE_BY_NAME[name], [Change(id=IDS[0], attempt=1, to=to, reason=reason)], now=5.0)
    assert states(path) == before


def test_of_moves_decided_together_none_is_made_when_one_comes_too_late(ledger: SqliteLedger, path: Path) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:2]), now=3.0)
    ledger.exchange(settle=[Settlement(one, 1, State.IN_DOUBT) for one in IDS[:2]], claim=[], now=4.0)
    found = [Change(id=one, attempt=1, to=State.ACCEPTED, reason="listed", remote_id="id") for one in IDS[:2]]
    ledger.move(MOVE_BY_NAME["find"], found[:1], now=5.0)
    with pytest.raises(LedgerTrouble, match="1 messages of this run were moved by somebody else"):
        ledger.move(MOVE_BY_NAME["find"], found[::-1], now=6.0)
    assert states(path) == {State.PLANNED: 2, State.ACCEPTED: 1, State.IN_DOUBT: 1}
    ledger.move(MOVE_BY_NAME["find"], [], now=7.0)
    assert ledger.odd_moves() == []


def test_when_a_message_was_first_missed_is_kept_for_that_attempt(ledger: SqliteLedger) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    ledger.exchange(settle=[Settlement(IDS[0], 1, State.IN_DOUBT)], claim=[], now=4.0)
    assert [doubt.missed_at for doubt in ledger.doubts()] == [None]
    ledger.note_absent([(IDS[0], 1)], now=10.0)
    ledger.note_absent([(IDS[0], 1)], now=20.0)
    assert [doubt.missed_at for doubt in ledger.doubts()] == [10.0]
    again = Change(id=IDS[0], attempt=1, to=State.PLANNED, reason="a person")
    ledger.move(MOVE_BY_NAME["resolve"], [again], now=30.0)
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=31.0)
    ledger.exchange(settle=[Settlement(IDS[0], 2, State.IN_DOUBT)], claim=[], now=32.0)
    assert [(doubt.attempt, doubt.missed_at) for doubt in ledger.doubts()] == [(2, None)]
    ledger.note_absent([(IDS[0], 2)], now=40.0)
    assert [doubt.missed_at for doubt in ledger.doubts()] == [40.0]


def test_a_runs_end_is_noted_with_its_requests(ledger: SqliteLedger, path: Path) -> None:
    ledger.end(now=9.0, ending="finished", requests=4)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT ended_at, ending, requests FROM run").fetchall() == [(9.0, "finished", 4)]


def test_half_a_character_of_the_apis_is_kept_as_text(ledger: SqliteLedger) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    ledger.exchange(
        settle=[Settlement(IDS[0], 1, State.REFUSED, None, "no \ud83d" + "x" * 2_000, 422)], claim=[], now=4.0
    )
    (found,) = ledger.messages((State.REFUSED,))
    assert found.evidence is not None
    assert found.evidence.startswith("no \\ud83dxxx")
    assert len(found.evidence) < 1_010
    assert ledger.damages() == []


# ── results beside the ledger ────────────────────────────────────────────────────────────────────────────────────────


def accepted(n: int) -> Settlement:
    return Settlement(n.to_bytes(16), 1, State.ACCEPTED, f"id-{n}", "why" * 50, 202)


def test_results_of_several_times_follow_each_other_however_many_they_are(path: Path) -> None:
    lots = [[accepted(lot * 1_000 + n) for n in range(1_000)] for lot in range(3)]
    prepare_spill(path)
    for lot in lots:
        write_spill(path, "one", 7, lot)
    assert journal_path(path).stat().st_size > SPILL_BYTES
    assert read_spill(path, "one") == [JournalledResult(7, settlement) for lot in lots for settlement in lot]
    clear_spill(path)
    assert read_spill(path, "one") == []
    write_spill(path, "one", 8, [accepted(1)])
    assert read_spill(path, "one") == [JournalledResult(8, accepted(1))]


def test_a_result_that_only_lacks_the_end_of_its_line_is_whole(path: Path) -> None:
    write_spill(path, "one", 7, [accepted(1), accepted(2)])
    journal_path(path).write_bytes(journal_path(path).read_bytes().rstrip(b"\n"))
    assert read_spill(path, "one") == [JournalledResult(7, accepted(1)), JournalledResult(7, accepted(2))]


def test_the_room_that_was_taken_is_kept(path: Path) -> None:
    prepare_spill(path)
    write_spill(path, "one", 7, [accepted(1)])
    prepare_spill(path)
    assert read_spill(path, "one") == [JournalledResult(7, accepted(1))]


def test_without_room_for_results_it_is_said_before_anything_is_sent(path: Path, no_room: Any) -> None:
    with no_room(), pytest.raises(LedgerUnwritable, match="spill can't be written"):
        prepare_spill(path)
    with pytest.raises(LedgerUnwritable, match="no such file"):
        clear_spill(path.with_name("another.db"))
    journal_path(path).unlink()
    journal_path(path).mkdir()
    with pytest.raises(LedgerUnwritable):
        read_spill(path, "one")
