"""A ledger's columns may hold values of any kind: SQLite lets them, and a repository can bring such a ledger along."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from project_dir import ProjectDir

ODD = ["'x'", "x'ff'", "CAST(x'ff' AS TEXT)", "1e300", "9223372036854775807"]
PLACES = [
    ("spec", "generation", "'x'"),
    ("spec", "generation", "x'ff'"),
    *(("message", "updated_at", value) for value in ODD if "CAST" not in value),
    ("message", "id", "'x'"),
    ("message", "id", "9223372036854775807"),
    *(("message", column, "x'ff'") for column in ("masked", "remote_id", "evidence", "reference")),
    ("message", "masked", "CAST(x'ff' AS TEXT)"),
    ("message", "attempt", "'x'"),
]


@pytest.mark.parametrize(("table", "column", "value"), PLACES)
def test_a_value_of_another_kind_is_damage_and_no_crash(ready: ProjectDir, table: str, column: str, value: str) -> None:
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    ledger = sqlite3.connect(ready.folder / ".sendspec" / "test.db", isolation_level=None)
    ledger.execute("PRAGMA ignore_check_constraints = ON")
    ledger.execute(f"UPDATE {table} SET {column} = {value} WHERE number = 1")
    ledger.close()
    done = ready.run("status", "--messages", "--env", "test")
    assert done.code == 6, (done.code, done.err)
    assert "[ledger-damaged]" in done.err
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code in (0, 6)


def test_a_note_without_a_value_is_damage_and_no_crash(ready: ProjectDir) -> None:
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    path = ready.folder / ".sendspec" / "test.db"
    changed("UPDATE sqlite_schema SET sql = replace(sql, 'value NOT NULL', 'value') WHERE name = 'meta'", path)
    changed("UPDATE meta SET value = NULL WHERE name = 'epoch'", path)
    changed("UPDATE sqlite_schema SET sql = replace(sql, 'value', 'value NOT NULL') WHERE name = 'meta'", path)
    done = ready.run("status", "--env", "test")
    assert done.code == 6, (done.code, done.err)
    assert "[ledger-damaged]" in done.err


@pytest.mark.parametrize("epoch", [2**63 - 1, -1])
def test_a_count_of_runs_that_no_run_reaches_is_damage_and_no_crash(ready: ProjectDir, epoch: int) -> None:
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    path = ready.folder / ".sendspec" / "test.db"
    changed(f"UPDATE run SET epoch = {epoch}", path)
    changed(f"UPDATE meta SET value = '{epoch}' WHERE name = 'epoch'", path)
    path.with_name("test.db.epoch").unlink()
    done = ready.run("reconcile", "--env", "test")
    assert done.code == 6, (done.code, done.err)
    assert "[ledger-damaged]" in done.err


def changed(statement: str, path: Path) -> None:
    ledger = sqlite3.connect(path, isolation_level=None)
    ledger.execute("PRAGMA writable_schema = ON")
    assert ledger.execute(statement).rowcount == 1
    ledger.close()


def test_characters_that_turn_text_are_escapes_in_what_an_export_prints(ready: ProjectDir) -> None:
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    ledger = sqlite3.connect(ready.folder / ".sendspec" / "test.db", isolation_level=None)
    ledger.execute("UPDATE message SET evidence = ?, masked = ? WHERE number = 1", ("a\u202eb\x9b\x7fé", "+44\u2066"))
    ledger.close()
    for command in (("ledger", "export"), ("status", "--messages", "--format", "json")):
        done = ready.run(*command, "--env", "test")
        assert done.code == 0, done.err
        assert not set("\u202e\x9b\x7f\u2066") & set(done.out), command
        assert "\\u2066" in done.out
