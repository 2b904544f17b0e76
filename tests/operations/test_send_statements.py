"""A small send costs what it is about, however much its ledger holds: no statement of it reads a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from project_dir import SECRET, SPEC, CountingServer, ProjectDir, numbers
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import NotConfirmed
from sendspec.ledger import access
from sendspec.ledger.record import Claim, PlannedRecord, SendIdentity, Settlement
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import require_identity
from sendspec.operations.logging_listener import LoggingListener
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.run_owner import run_owner
from sendspec.operations.send import send
from sendspec.operations.send_outcome import LimitsExceeded, RunEnded, SendRequest
from sendspec.operations.system import real_system
from sendspec.planning.message_state import State

WHOLE_TABLE = re.compile(r"SCAN (message|event|m|e|i)\b(?! USING INDEX message_referenced)")
"""The index has only messages with a reference of the user's own. Who uses such references compares them with all others."""
WHOLE_SPEC = re.compile(r"SEARCH \w+ USING (COVERING )?INDEX message_(by_spec|referenced) \(spec=\?\)")
"""A step that reads all messages of a spec, or all that have a reference."""
HELD = 3_000
"""Messages of a spec that is too large to be verified as a whole by a small send."""
VERIFIED = re.compile(r"SELECT count\(\*\) FROM event e WHERE e\.number > (\d+)")
"""The statement that tells from which move on a send verifies."""
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


def whole_tables(ledger: Path, found: list[str], kind: re.Pattern[str] = WHOLE_TABLE) -> list[str]:
    """The statements that read a table of the ledger that grows with each message, from its one end to the other; or all of a spec."""
    connection = sqlite3.connect(ledger)
    for arguments in (8, 9):
        connection.create_function("row_checksum", arguments, row_checksum, deterministic=True)
    scanning = []
    for statement in dict.fromkeys(found):
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) and READS.search(statement):
            steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            scanning += [f"{step[3]}: {statement}" for step in steps if kind.match(step[3])]
    connection.close()
    return scanning


def context_of(*specs: str) -> ProjectContext:
    context = open_context(list(specs), "test", Problems(), real_system("test", environ={"TEST_KEY": SECRET}))
    assert context is not None
    return context


def sent(*specs: str) -> int:
    outcome = send(context_of(*specs), SendRequest(specs=list(specs)), LoggingListener())
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


@pytest.mark.parametrize("spec", ["kept.yaml", "hello.yaml"])
def test_a_send_with_nothing_to_send_leaves_a_proof_that_the_next_send_relies_on(
    ledger: Path, project: ProjectDir, server: CountingServer, spec: str
) -> None:
    """A job that runs daily and mostly finds nothing to send: the first such run reads all, as after a restore."""
    project.write("hello.yaml", SPEC.replace("is on its way", "has arrived"))
    sent("hello.yaml")
    ledger.with_name(f"{ledger.name}.seal").unlink()
    requests = len(server.requests)
    with statements() as found:
        assert sent(spec) == 0
    assert whole_tables(ledger, found)
    for _ in range(2):
        with statements() as found:
            assert sent(spec) == 0
        assert whole_tables(ledger, found) == []
    assert len(server.requests) == requests
    project.write("other.yaml", SPEC.replace("hello", "other").replace("is on its way", "is here"))
    with statements() as found:
        assert sent("other.yaml") == 5
    assert whole_tables(ledger, found) == []


def grow(name: str, reference: str | None) -> None:
    """Has a spec hold many more accepted messages, as earlier runs leave them."""
    context = context_of()
    place, identity = ledger_place(context), require_identity(context)
    with access.hold(place, identity, run_owner(context.system), since="now", ci=False, trusts_seal=True) as ledger:
        ledger.begin(run_owner(context.system), now=5.0)
        [send] = ledger.sends(name)
        ids = [number.to_bytes(16, "big") for number in range(HELD)]
        records = [PlannedRecord(i, bytes(24), reference and f"{i.hex()}{reference}", bytes(16), "+31") for i in ids]
        known = SendIdentity(
            name, 1, send.path, key_tree=send.key_tree, to_tree=send.to_tree, text_digest=send.text_digest
        )
        ledger.put_planned(known, records, bytes(32), now=5.0, continues=True)
        won = ledger.exchange(settle=[], claim=[Claim(r.id, r.digest, r.reference) for r in records], now=5.0).won
        settled = [Settlement(i, a, State.ACCEPTED, None, None, 202) for i, a in won.items()]
        assert len(settled) == HELD
        ledger.exchange(settle=settled, claim=[], now=5.0)
        ledger.end(now=5.0, ending="finished", requests=HELD)


@pytest.mark.parametrize("reference", ["", '  reference: "{{ order_id }}-own"\n'])
@pytest.mark.parametrize("ends", ["sends", "sends nothing", "is refused", "is declined"])
def test_no_statement_of_a_small_send_reads_all_messages_of_its_spec(
    ledger: Path, project: ProjectDir, server: CountingServer, reference: str, ends: str
) -> None:
    """One spec with new recipients each day is the usual case. No spec is gone, whose messages would be compared with the new ones."""
    project.write("gone.yaml", SPEC.replace("hello", "gone"))
    project.write("hello.yaml", SPEC.replace("is on its way", "has arrived") + reference)
    assert sent("hello.yaml") == 5
    grow("hello", "-own" if reference else None)
    assert sent("kept.yaml") == 0  # reads what was grown
    agree = declines if ends == "is declined" else lambda jobs, plans: None
    if ends != "sends nothing":
        project.write("people.csv", numbers(9))
    if ends == "is refused":
        project.write("hello.yaml", (project.folder / "hello.yaml").read_text() + "limits: {messages: 1}\n")
    with statements() as found, suppress(NotConfirmed):
        outcome = send(context_of("hello.yaml"), SendRequest(specs=["hello.yaml"]), LoggingListener(), agree=agree)
        assert isinstance(outcome, LimitsExceeded if ends == "is refused" else RunEnded)
    assert whole_tables(ledger, found) == []
    assert whole_tables(ledger, found, WHOLE_SPEC) == []


def test_what_a_send_wrote_is_read_by_the_next_and_not_by_every_other(ledger: Path, project: ProjectDir) -> None:
    """The moves of the last run are verified once, whoever comes next."""

    def verifies_after() -> int:
        with statements() as found:
            assert sent("kept.yaml") == 0
        [since] = {int(after[1]) for words in found if (after := VERIFIED.match(words))}
        return since

    connection = sqlite3.connect(ledger)
    [(moves,)] = connection.execute("SELECT max(number) FROM event").fetchall()
    connection.close()
    since, *others = [verifies_after() for _ in range(3)]
    assert since < moves
    assert others == [moves, moves]


def declines(jobs: object, plans: object) -> None:
    raise NotConfirmed("nobody agreed", "agree")


def test_a_send_that_is_refused_or_declined_leaves_a_proof(ledger: Path, project: ProjectDir) -> None:
    project.write("hello.yaml", SPEC.replace("is on its way", "has arrived"))
    seal = ledger.with_name(f"{ledger.name}.seal")
    seal.unlink()
    with pytest.raises(NotConfirmed):
        send(context_of("hello.yaml"), SendRequest(specs=["hello.yaml"]), LoggingListener(), agree=declines)
    with statements() as found:
        assert sent("hello.yaml") == 5
    assert whole_tables(ledger, found) == []
    seal.unlink()
    project.write("hello.yaml", SPEC.replace("is on its way", "is late") + "limits: {messages: 1}\n")
    project.write("people.csv", numbers(9))
    for is_whole in (True, False):
        with statements() as found:
            outcome = send(context_of("hello.yaml"), SendRequest(specs=["hello.yaml"]), LoggingListener())
        assert isinstance(outcome, LimitsExceeded)
        assert bool(whole_tables(ledger, found)) is is_whole


def test_a_whole_check_reads_all_messages(ledger: Path, project: ProjectDir) -> None:
    ledger.with_name(f"{ledger.name}.seal").unlink()
    project.write("hello.yaml", SPEC.replace("is on its way", "has arrived"))
    with statements() as found:
        sent("hello.yaml")
    assert whole_tables(ledger, found)
