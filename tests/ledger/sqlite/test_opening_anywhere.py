"""Ledgers on disks, in folders and under users that make opening one hard."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from ledger_samples import OWNER, claims
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerRolledBack,
    LedgerUnwritable,
)
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import PlannedRecord, SendIdentity
from sendspec.ledger.sqlite.connection import connect_to_read
from sendspec.ledger.sqlite.creation import make_ledger
from sendspec.ledger.sqlite.opening import ledger_is_there, open_to_read, open_to_write
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, read_mirror, write_mirror
from sendspec.planning.message_state import State

FRESH = LedgerIdentity("one", b"s" * 32)
IDS = [bytes([n]) * 16 for n in range(4)]


def send_once(path: Path) -> None:
    """A run that claims its four messages and dies."""
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    records = [PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+31••••••78") for identity in IDS]
    ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0)
    ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    ledger.close()


def make(path: Path, identities: Path, fresh: LedgerIdentity = FRESH) -> LedgerIdentity:
    return make_ledger(path, identities, "production", fresh, OWNER, since="now", now=1.0)


def test_another_salt_than_the_ledgers_is_refused_as_it_would_send_everything_again(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    make(path, identities)
    other = LedgerIdentity("one", b"o" * 32)
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerForeign, match="salt"):
            opening(path, "one", salt=other.salt)


def test_a_place_that_can_not_be_looked_at_is_not_taken_for_an_empty_one(path: Path) -> None:
    assert ledger_is_there(path)
    assert not ledger_is_there(path.with_name("none.db"))
    with pytest.raises(LedgerUnwritable):
        ledger_is_there(path / "below.db")


def test_a_ledger_that_is_a_folder_can_not_be_opened(tmp_path: Path) -> None:
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerUnwritable, match=r"can't be (opened|read)"):
            opening(tmp_path, "one")


def test_a_connection_that_only_reads_is_no_ledger_to_write(path: Path) -> None:
    ledger = open_to_write(path, "one", connect_to_read)
    with pytest.raises(LedgerUnwritable, match="can't be written") as trouble:
        ledger.begin(OWNER, now=2.0)
    assert "writable" in trouble.value.fix
    ledger.abandon()
    assert read_mirror(path) == LedgerProgress(0, 0)


def test_without_the_file_that_a_log_needs_a_still_ledger_can_be_read(path: Path) -> None:
    send_once(path)
    assert not path.with_name("test.db-wal").exists()
    path = path.rename(path.with_name("x" * 252))  # with an ending, too long for a name
    with pytest.raises(LedgerUnwritable):
        open_to_read(path, "one", lambda name: connect_to_read(name))
    ledger = open_to_read(path, "one")
    assert ledger.states("hello", 1) == {State.SENDING: 4}
    ledger.close()
    with pytest.raises(LedgerForeign):
        open_to_read(path, "two")


def test_a_ledger_with_writes_in_its_log_is_never_read_without_them(path: Path) -> None:
    (path.with_name("test.db-wal") / "writes").mkdir(parents=True)
    with pytest.raises(LedgerUnwritable):
        open_to_read(path, "one")


def test_where_no_log_can_be_had_nothing_is_written(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")

    def without_shared_memory(name: str) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{name}?mode=rw&vfs=unix-dotfile", uri=True, isolation_level=None)

    with pytest.raises(LedgerUnwritable, match="write-ahead log"):
        open_to_write(path, "one", without_shared_memory)


def test_a_version_that_never_was_is_a_damage(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerDamaged, match="version 0"):
            opening(path, "one")


def test_a_ledger_that_lost_moves_of_its_last_run_is_refused_and_says_how_many(path: Path) -> None:
    send_once(path)
    write_mirror(path, 1, 9)
    with pytest.raises(LedgerRolledBack, match="lost the latest 5 moves"):
        open_to_write(path, "one")
    with pytest.raises(LedgerRolledBack, match="lost the latest 5 moves"):
        open_to_read(path, "one", latest=True)
    looked_at = open_to_read(path, "one")  # as `ledger check` does, which tells it
    assert looked_at.lost_writes() == "lost the latest 5 moves of its last run"
    looked_at.close()
    write_mirror(path, 1, 4)
    open_to_read(path, "one", latest=True).close()
    open_to_write(path, "one").close()
