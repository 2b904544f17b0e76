"""A ledger's columns may hold values of any kind: SQLite lets them, and a repository can bring such a ledger along."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from long_rows import every
from project_dir import ProjectDir
from server_ledger_project import schema, shared, sql

__all__ = ["schema", "shared", "sql"]

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


@pytest.mark.parametrize(("table", "column", "value"), every(3, PLACES))
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


ODD_MOMENTS = ["'NaN'", "'-Infinity'", "1e300", "-63000000000"]
ON_A_SERVER = [
    ("UPDATE meta SET value = '0' WHERE name = 'version'", ("ledger", "migrate")),
    ("UPDATE meta SET value = 'abc' WHERE name = 'version'", ("ledger", "migrate")),
    ("UPDATE meta SET value = repeat('9', 5000) WHERE name = 'version'", ("status",)),
    ("UPDATE meta SET value = 'abc' WHERE name = 'timeline_since'", ("status",)),
    ("UPDATE meta SET value = 'NaN' WHERE name = 'timeline_since'", ("ledger", "copy", "env:LEDGER_URL:{schema}", "x.db")),
    ("UPDATE meta SET value = 'abc' WHERE name = 'created_at'", ("ledger", "copy", "env:LEDGER_URL:{schema}", "x.db")),
    *((f"UPDATE message SET updated_at = {value}", ("status", "--messages")) for value in ODD_MOMENTS),
    ("UPDATE message SET updated_at = 'NaN'", ("ledger", "export")),
    ("UPDATE run SET started_at = 'NaN', ended_at = 'Infinity'", ("status", "--format", "json")),
    ("UPDATE message SET state = 'in_doubt', scheduled_for = 9000000000000000000", ("reconcile",)),
    ("UPDATE spec SET claimed_at = 'NaN'", ("send", "hello.yaml", "--yes")),
]  # fmt: skip


@pytest.mark.process
@pytest.mark.parametrize(("change", "command"), every(6, ON_A_SERVER))
def test_a_note_or_time_that_is_none_on_a_server_is_damage_and_no_crash(
    shared: ProjectDir, sql: psycopg.Connection[tuple[object, ...]], schema: str, change: str, command: tuple[str, ...]
) -> None:
    assert shared.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    sql.execute(change.encode())
    done = shared.run(*(word.format(schema=schema) for word in command), "--env", "test")
    assert done.code == 6, (done.code, done.err)
    assert "ledger-damaged" in done.err
    for words in (("ledger", "check"), ("doctor",)):
        told = shared.run(*words, "--env", "test")
        assert told.code == (6 if words[0] == "ledger" else 1), told.err
        assert (
            " no time" in told.out + told.err
            or "a time that is none" in told.out + told.err
            or "its note 'version' is" in told.out + told.err
        )


@pytest.mark.parametrize(
    "change",
    [
        "message SET updated_at = -63000000000.0 WHERE number = 1",
        "message SET updated_at = 'x' WHERE number = 1",
        "run SET started_at = 1e300",
        "meta SET value = 'x' WHERE name = 'created_at'",
    ],
)
def test_a_note_or_time_that_is_none_in_a_file_is_named_by_a_check_and_a_doctor(ready: ProjectDir, change: str) -> None:
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    changed(f"UPDATE {change}", ready.folder / ".sendspec" / "test.db")
    for words, code in ((("ledger", "check"), 6), (("doctor",), 1), (("send", "hello.yaml", "--yes"), 6)):
        told = ready.run(*words, "--env", "test")
        assert told.code == code, told.err
        assert "is no time" in told.out + told.err or "a time that is none" in told.out + told.err
