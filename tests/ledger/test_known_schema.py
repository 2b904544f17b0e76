"""What is looked at before a file is taken for a ledger, and what bounds a query of it."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerLinked, LedgerMissing, LedgerUnwritable
from sendspec.ledger.identity import read_identities
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.migration import EARLIER, migrate
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.query_limit import limit_queries
from sendspec.ledger.sqlite.schema_check import check_schema
from sendspec.ledger.sqlite.spill_file import SPILL_BYTES, prepare_spill, read_spill, spill_path
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION
from sendspec.ledger.sqlite_file import SQLITE_ENDINGS, refuse_planted

ENDLESS = "WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_a_query_without_end_is_ended_and_the_next_begins_anew(path: Path, connection: sqlite3.Connection) -> None:
    limit = limit_queries(connection, path)
    for _ in range(2):
        limit.begin()
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError) as ended:
            connection.execute(ENDLESS).fetchone()
        trouble = trouble_of(str(path), ended.value)
        assert isinstance(trouble, LedgerDamaged)
        assert "without end" in trouble.problem


def test_tables_of_each_version_are_known_however_they_came_about(path: Path, connection: sqlite3.Connection) -> None:
    check_schema(connection, path, SCHEMA_VERSION)
    for version, statements in EARLIER.items():
        made = sqlite3.connect(":memory:", isolation_level=None)
        for statement in statements:
            made.execute(statement)
        check_schema(made, path, version)
        with pytest.raises(LedgerDamaged):
            check_schema(made, path, SCHEMA_VERSION)
        made.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE more (x)", "the table 'more', which no ledger has"),
        ("CREATE VIEW more AS SELECT 1", "the view 'more', which no ledger has"),
        ("DROP INDEX message_by_id", "lacks the index 'message_by_id'"),
        ("ALTER TABLE run ADD COLUMN more", "another table 'run' than a ledger has"),
    ],
)
def test_in_what_a_schema_differs_is_said(
    path: Path, connection: sqlite3.Connection, statement: str, words: str
) -> None:
    connection.execute(statement)
    with pytest.raises(LedgerDamaged, match=words):
        check_schema(connection, path, SCHEMA_VERSION)


def test_a_ledger_of_this_version_is_not_migrated(connection: sqlite3.Connection) -> None:
    before = connection.total_changes
    migrate(connection)
    assert connection.total_changes == before


def test_damaged_pages_are_reported_and_rows_are_then_not_counted(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[36:40] = b"\0\0\0\7"  # so many free pages as there aren't
    path.write_bytes(content)
    ledger = open_to_read(path, None)
    try:
        found = ledger.damages()
    finally:
        ledger.close()
    assert found
    assert all(problem.startswith("its pages") for problem in found)


@pytest.mark.parametrize("ending", SQLITE_ENDINGS)
def test_sqlite_is_led_to_no_other_file(path: Path, ending: str) -> None:
    place, other = path.with_name(path.name + ending), path.with_name("other")
    other.write_bytes(b"")
    place.unlink(missing_ok=True)
    refuse_planted(path)
    place.mkdir()
    refuse_planted(path)  # SQLite does
    place.rmdir()
    os.mkfifo(place)
    with pytest.raises(LedgerDamaged, match="no regular file"):
        refuse_planted(path)
    place.unlink()
    place.symlink_to(other)
    with pytest.raises(LedgerLinked):
        refuse_planted(path)
    if ending:
        place.unlink()
        place.hardlink_to(other)
        with pytest.raises(LedgerLinked, match="hard link"):
            refuse_planted(path)


def test_a_ledger_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        open_to_read(tmp_path / "none.db", "one")


def test_a_file_where_a_folder_is_needed_is_no_reason_to_bring_the_identities_back(path: Path) -> None:
    with pytest.raises(LedgerUnwritable, match="not a directory"):
        read_identities(path / "sendspec.lock")


def spilled(words: dict[str, Any]) -> bytes:
    content = json.dumps(words).encode()
    return b"%08x %b\n" % (zlib.crc32(content), content)


SOUND = {"ledger": "one", "run": 1, "id": "00" * 16, "attempt": 1, "to": "accepted"}


@pytest.mark.parametrize(
    "words", [{}, {"run": "one"}, {"attempt": None}, {"id": "x"}, {"id": 1}, {"to": "nowhere"}, {"more": 1}]
)
def test_a_result_that_no_run_has_written_is_refused(path: Path, words: dict[str, Any]) -> None:
    spill_path(path).write_bytes(spilled(SOUND | words if words else {}))
    with pytest.raises(LedgerDamaged, match="no result of a run"):
        read_spill(path, "one")


def test_a_file_in_the_results_place_that_holds_something_else_is_not_written_to(path: Path) -> None:
    spill_path(path).write_bytes(b"a letter\n")
    ledger = open_to_write(path, "one")
    with pytest.raises(LedgerDamaged, match="no file of sendspec's"):
        ledger.begin(RunOwner(pid=1, host="here", command="sendspec send"), now=2.0)
    ledger.close()
    assert spill_path(path).read_bytes() == b"a letter\n"
    for written in (b"", spilled(SOUND)[:4], spilled(SOUND)):
        spill_path(path).write_bytes(written)
        prepare_spill(path)
        assert spill_path(path).read_bytes() == written.ljust(SPILL_BYTES, b"\0")
