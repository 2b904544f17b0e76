"""What a send verifies in a ledger that has a seal, and who notes that all of it was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from project_dir import SECRET, SPEC, CountingServer, ProjectDir, numbers
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger import access
from sendspec.ledger.sqlite.seal import file_state, seal_path, write_seal
from sendspec.ledger.verified_point import Seal
from sendspec.operations.check import CheckStatus
from sendspec.operations.doctor import examine
from sendspec.operations.ledger_check import last_seal_of, note_checked
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import require_identity
from sendspec.operations.logging_listener import LoggingListener
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.run_owner import run_owner
from sendspec.operations.send import send
from sendspec.operations.send_outcome import RunEnded, SendRequest
from sendspec.operations.system import real_system

DAY = 86_400.0


def context_of(*specs: str) -> ProjectContext:
    context = open_context(list(specs), "test", Problems(), real_system("test", environ={"TEST_KEY": SECRET}))
    assert context is not None
    return context


def sent(*specs: str) -> int:
    outcome = send(context_of(*specs), SendRequest(specs=list(specs)), LoggingListener())
    assert isinstance(outcome, RunEnded)
    return outcome.report.account.accepted


def seal_of(context: ProjectContext) -> Seal:
    seal = last_seal_of(context)
    assert seal is not None
    return seal


@pytest.fixture
def ledger(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a project that has sent the specs `old`, `other` and `newest`: the last is what a next send verifies."""
    project.write("people.csv", numbers(5))
    monkeypatch.chdir(project.folder)
    for name in ("old", "other", "newest"):
        project.write(f"{name}.yaml", SPEC.replace("hello", name).replace("is on its way", f"of {name}"))
        assert sent(f"{name}.yaml") == 5
    [found] = project.folder.glob("**/*.seal")
    return found.with_suffix("")


def seal_again(ledger: Path, change: Callable[[Seal], Seal] = lambda seal: seal, sql: str = "") -> None:
    """Changes rows or the seal, as if a run had left them so."""
    context = context_of()
    seal, identity = seal_of(context), require_identity(context)
    connection = sqlite3.connect(ledger, isolation_level=None)
    connection.execute(sql)
    connection.close()
    state = file_state(ledger)
    assert state is not None
    write_seal(ledger, identity.ledger, identity.salt, change(seal), state)


DAMAGED = "UPDATE message SET digest = zeroblob(24) WHERE spec = (SELECT number FROM spec WHERE name = 'old')"


def test_a_send_verifies_its_own_messages_and_not_those_of_others(
    ledger: Path, project: ProjectDir, server: CountingServer
) -> None:
    seal_again(ledger, sql=DAMAGED)
    project.write("people.csv", numbers(7))
    assert sent("other.yaml") == 2
    requests = len(server.requests)
    with pytest.raises(LedgerDamaged, match="5 messages don't match their checksums"):
        sent("old.yaml")
    with pytest.raises(LedgerDamaged, match="5 messages don't match their checksums"):
        sent("other.yaml", "old.yaml")
    project.write("renamed.yaml", SPEC.replace("name: hello", "name: renamed\nmoved_from: old"))
    with pytest.raises(LedgerDamaged, match="5 messages don't match their checksums"):
        sent("renamed.yaml")
    assert len(server.requests) == requests


def test_a_send_that_looks_back_at_another_verifies_all(ledger: Path, project: ProjectDir) -> None:
    again = SPEC.replace("{file: people.csv}", "{file: people.csv, only: {undelivered: {spec: other}}}")
    project.write("again.yaml", again.replace("hello", "again"))
    seal_again(ledger, sql=DAMAGED)
    with pytest.raises(LedgerDamaged, match="5 messages don't match their checksums"):
        sent("again.yaml")


def test_an_opt_out_that_is_noted_leaves_the_proof(ledger: Path) -> None:
    context = context_of()
    seal = seal_of(context)
    place, identity = ledger_place(context), require_identity(context)
    for count in (3, 4, 4):
        assert access.note_opt_outs(place, identity, run_owner(context.system), count)
        assert last_seal_of(context) == seal
    seal_path(ledger).unlink()
    assert access.note_opt_outs(place, identity, run_owner(context.system), 9)
    assert last_seal_of(context) is None


def test_a_check_of_the_whole_is_noted_if_no_run_has_begun_since(ledger: Path, project: ProjectDir) -> None:
    seal_again(ledger, lambda seal: replace(seal, wholly_read_at=9.0))
    context = context_of()
    before = seal_of(context)
    assert project.run("ledger", "check", "--env", "test").code == 0
    noted = seal_of(context)
    assert noted == replace(before, wholly_read_at=noted.wholly_read_at)
    assert noted.wholly_read_at > 9.0
    note_checked(context, before)  # another check was faster
    note_checked(context, None)
    assert seal_of(context) == noted
    sent("newest.yaml")
    assert seal_of(context).wholly_read_at == noted.wholly_read_at
    with access.hold(ledger_place(context), require_identity(context), run_owner(context.system), since="", ci=False):
        note_checked(context, seal_of(context))
    assert seal_of(context).wholly_read_at == noted.wholly_read_at


@pytest.mark.parametrize(("days", "is_told"), [(30.5, False), (31.5, True), (-5.0, False)])
def test_doctor_says_when_all_was_last_read_long_ago(ledger: Path, days: float, is_told: bool) -> None:
    context = context_of()
    now = context.system.clock.wall()
    seal_again(ledger, lambda seal: replace(seal, wholly_read_at=now - days * DAY))
    found = [check for check in examine(context, "test") if check.what == "ledger check"]
    assert [(check.status, check.found) for check in found] == [
        (CheckStatus.NOTE, "sends have checked only what was new for 31 days; this command has just read all of it")
    ] * is_told
    seal_path(ledger).unlink()
    assert [check for check in examine(context, "test") if check.what == "ledger check"] == []
