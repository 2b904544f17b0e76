"""After a write that failed nothing is tried again; checkpoints of our own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import OWNER, SEND, claims
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerUnwritable
from sendspec.ledger.record import PlannedRecord, Route
from sendspec.ledger.sqlite.connection import connect_immutable
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.writer import MOVES_BETWEEN_CHECKPOINTS
from sendspec.planning.message_state import State

IDS = [bytes([n]) * 16 for n in range(4)]


def record(identity: bytes) -> PlannedRecord:
    return PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+31••••••78")


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


def test_a_plan_that_the_disk_does_not_take_is_undone_and_nothing_is_tried_again(
    ledger: SqliteLedger, path: Path, no_room: Any
) -> None:
    with no_room(), pytest.raises(LedgerUnwritable, match="disk I/O error") as trouble:
        ledger.put_planned(SEND, (record(n.to_bytes(16)) for n in range(99)), b"q" * 32, now=3.0)
    assert "free about" not in trouble.value.fix
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
        connection = connect_immutable(str(path))
        found = connection.execute("SELECT state, count(*) FROM message GROUP BY state").fetchall()
        connection.close()
        return tuple(found)

    ledger.exchange(settle=[], claim=claims(ids[:-1]), now=3.0)
    assert without_log() == (("planned", len(ids)),)
    ledger.exchange(settle=[], claim=claims(ids[-1:]), now=3.0)
    assert without_log() == (("sending", len(ids)),)
    ledger.abandon()


def test_a_runs_end_is_noted_with_its_requests(ledger: SqliteLedger, path: Path) -> None:
    ledger.end(now=9.0, ending="finished", requests=4)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT ended_at, ending, requests FROM run").fetchall() == [(9.0, "finished", 4)]
