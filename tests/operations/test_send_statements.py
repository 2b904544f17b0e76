"""A small send costs what it is about, however much its ledger holds: no statement of it reads a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from project_dir import SECRET, SPEC, CountingServer, ProjectDir, numbers
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.operations.logging_listener import LoggingListener
from sendspec.operations.project_context import open_context
from sendspec.operations.send import send
from sendspec.operations.send_outcome import RunEnded, SendRequest
from sendspec.operations.system import real_system

WHOLE_TABLE = re.compile(r"SCAN (message|event|m|e|i)\b(?! USING INDEX message_referenced)")
"""The index has only messages with a reference of the user's own. Who uses such references compares them with all others."""
READS = re.compile(r"\b(message|event)\b")


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of all SQLite connections that are opened in the block, with their values."""
    found: list[str] = []

    def traced(*arguments: Any, **named: Any) -> Any:
        connection = connect(*arguments, **named)
        connection.set_trace_callback(found.append)
        return connection

    connect, sqlite3.connect = sqlite3.connect, traced  # no audit event has an open connection
    try:
        yield found
    finally:
        sqlite3.connect = connect


def whole_tables(ledger: Path, found: list[str]) -> list[str]:
    """The statements that read a table of the ledger that grows with each message, from its one end to the other."""
    connection = sqlite3.connect(ledger)
    for arguments in (8, 9):
        connection.create_function("row_checksum", arguments, row_checksum, deterministic=True)
    scanning = []
    for statement in dict.fromkeys(found):
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) and READS.search(statement):
            steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            scanning += [f"{step[3]}: {statement}" for step in steps if WHOLE_TABLE.match(step[3])]
    connection.close()
    return scanning


def sent(*specs: str) -> int:
    context = open_context(list(specs), "test", Problems(), real_system("test", environ={"TEST_KEY": SECRET}))
    assert context is not None
    outcome = send(context, SendRequest(specs=list(specs)), LoggingListener())
    assert isinstance(outcome, RunEnded)
    return outcome.report.account.accepted


@pytest.fixture
def ledger(project: ProjectDir, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a project that has sent two specs, one of which is gone since; the API's list shows their messages."""
    project.write("people.csv", numbers(5))
    for name, more in (("gone", ""), ("kept", '  reference: "{{ order_id }}-kept"\n')):
        project.write(f"{name}.yaml", SPEC.replace("hello", name) + more)
    monkeypatch.chdir(project.folder)
    assert sent("gone.yaml", "kept.yaml") == 10
    (project.folder / "gone.yaml").unlink()
    [found] = project.folder.glob("**/*.seal")
    return found.with_suffix("")


@pytest.mark.parametrize("reference", ["", '  reference: "{{ order_id }}-own"\n'])
def test_no_statement_of_a_small_send_reads_all_messages_or_moves(
    ledger: Path, project: ProjectDir, server: CountingServer, reference: str
) -> None:
    project.write("hello.yaml", SPEC.replace("is on its way", "has arrived") + reference)
    with statements() as found:
        assert sent("hello.yaml") == 5
    assert len(server.taken) == 15
    assert any(statement.startswith("UPDATE message SET state = 'sending'") for statement in found)
    assert whole_tables(ledger, found) == []


def test_a_whole_check_reads_all_messages(ledger: Path, project: ProjectDir) -> None:
    ledger.with_name(f"{ledger.name}.seal").unlink()
    project.write("hello.yaml", SPEC.replace("is on its way", "has arrived"))
    with statements() as found:
        sent("hello.yaml")
    assert whole_tables(ledger, found)
