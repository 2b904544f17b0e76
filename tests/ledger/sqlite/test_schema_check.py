"""A file has exactly a ledger's tables, or is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerMissing
from sendspec.ledger.sqlite.migration import EARLIER, migrate
from sendspec.ledger.sqlite.opening import open_to_read
from sendspec.ledger.sqlite.schema_check import check_schema
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


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
        ("DROP INDEX message_by_spec", "lacks the index 'message_by_spec'"),
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
        found = ledger.find_damage()
    finally:
        ledger.close()
    assert found
    assert all(problem.startswith("its pages") for problem in found)


def test_a_ledger_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        open_to_read(tmp_path / "none.db", "one")
