"""Only a ledger that can be trusted opens."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from ledger_samples import DIGEST, OWNER, SEND, record
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerRolledBack,
    LedgerTooNew,
    LedgerTrouble,
)
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.progress_mirror import mirror_path, write_mirror


def test_a_ledger_is_made_for_its_owner_only(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_existing_file_is_never_made_into_a_ledger(path: Path) -> None:
    with pytest.raises(LedgerTrouble, match="already"):
        create_ledger(path, "two", now=2.0)


def test_a_missing_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        open_to_write(tmp_path / "none.db", "one")


def test_another_ledger_is_refused_in_both_ways(path: Path) -> None:
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerForeign):
            opening(path, "two")


@pytest.mark.parametrize("content", [b"", b"not a database, just some text that is long enough to be looked at" * 20])
def test_what_is_no_ledger_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerDamaged):
            opening(path, "one")
    assert path.read_bytes() == content


def test_a_ledger_cut_in_half_is_refused(running: SqliteLedger, path: Path) -> None:
    running.put_planned(SEND, (record(os.urandom(16)) for _ in range(2_000)), b"p" * 32, now=3.0)
    running.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LedgerDamaged):
        open_to_write(path, "one")


def test_a_scribbled_page_is_refused_also_where_counting_rows_still_works(running: SqliteLedger, path: Path) -> None:
    running.put_planned(SEND, [record(bytes([9]) * 16)], b"p" * 32, now=3.0)
    running.close()
    raw = path.read_bytes()
    assert raw.count(bytes([9]) * 16 + b"") >= 1
    path.write_bytes(raw.replace(DIGEST, DIGEST[:16] + b"D" + DIGEST[17:]))
    assert sqlite3.connect(path).execute("SELECT count(*) FROM message").fetchone() == (9,)
    with pytest.raises(LedgerDamaged, match="checksum"):
        open_to_write(path, "one")


def test_a_ledger_that_was_restored_from_before_its_last_run_is_refused(path: Path) -> None:
    backup = path.read_bytes()
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    write_mirror(path, ledger.epoch)
    ledger.close()
    path.write_bytes(backup)
    for leftover in (path.with_name("test.db-wal"), path.with_name("test.db-shm")):
        leftover.unlink(missing_ok=True)
    with pytest.raises(LedgerRolledBack):
        open_to_write(path, "one")
    open_to_read(path, "one").close()


def test_a_missing_mirror_of_the_epoch_is_no_reason_to_refuse(path: Path) -> None:
    mirror_path(path).unlink()
    open_to_write(path, "one").close()


def test_a_newer_schema_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerTooNew):
        open_to_read(path, "one")
