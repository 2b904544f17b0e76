"""A lost file of opt-outs stops what would need it, until a person says how to go on; its counts are told and its rows purged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from project_dir import SECRET, SPEC, CountingServer, ProjectDir, numbers
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerMissing, LedgerMoved, LedgerTrouble, OptOutsLost
from sendspec.ledger.delivery.observation import Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.operations.delivery_access import deliveries_to_inspect, deliveries_to_read, deliveries_to_write
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.lost_opt_outs import replace_lost_opt_outs
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.system import real_system

STOP = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 50.0, "channel", "reply-1", 51.0)
TEST = ("--env", "test")
SEND = ("send", "hello.yaml", *TEST, "--yes", "--format", "json")


@pytest.fixture
def ready(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> ProjectDir:
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("TEST_KEY", SECRET)
    project.write("people.csv", numbers(3))
    project.write("hello.yaml", SPEC)
    return project


def context_of(env: str = "test") -> ProjectContext:
    context = open_context((), env, Problems(), real_system("test"))
    assert context is not None
    return context


@pytest.fixture
def context(ready: ProjectDir) -> ProjectContext:
    return context_of()


@pytest.fixture
def kept(ready: ProjectDir, context: ProjectContext) -> Path:
    """The file, with two opt-outs and a delivery, which the ledger has noted."""
    with deliveries_to_write(context) as store:
        store.put_signals([STOP, replace(STOP, evidence="reply-2")])
        store.observe([Observation(b"m" * 16, StatusReport("sent"), Source.LIST, 1.0)])
    return ready.folder / ".sendspec" / "test.db.delivery"


def test_a_lost_file_stops_the_next_send_whatever_else_was_lost_with_it(
    ready: ProjectDir, server: CountingServer, context: ProjectContext, kept: Path
) -> None:
    for path in kept.parent.glob("test.db.[do]*"):
        path.unlink()
    for command in (("plan", "hello.yaml", *TEST, "--format", "json"), SEND):
        done = ready.run(*command)
        assert (done.code, done.json["error"]["code"]) == (6, "opt-outs-lost"), done.err
    assert "with it 2 opt-outs" in ready.run("plan", "hello.yaml", *TEST).err
    assert server.posts == []
    for opening in (deliveries_to_read, deliveries_to_write):
        with pytest.raises(OptOutsLost), opening(context):
            pass
    with deliveries_to_inspect(context) as facts:
        assert facts is None
    assert not kept.exists()
    assert ready.run("status", *TEST).code == 0


def test_a_person_replaces_what_was_lost_and_the_send_goes_on(
    ready: ProjectDir, server: CountingServer, context: ProjectContext, kept: Path
) -> None:
    kept.unlink()
    replaced = replace_lost_opt_outs(context, [replace(STOP, ground=Ground.IMPORT)], "the disk broke")
    assert (replaced.lost, replaced.written.added) == (2, 1)
    with deliveries_to_read(context) as facts:
        assert facts is not None
        assert (facts.signal_count, [signal.ground for signal in facts.signals()]) == (3, [Ground.IMPORT])
    assert ready.run(*SEND).code == 0
    assert len(server.posts) == 3


def test_opt_outs_written_while_a_run_holds_the_ledger_are_missed_when_they_are_lost(
    ready: ProjectDir, context: ProjectContext, kept: Path
) -> None:
    """Nobody could note them, so only their mirror tells."""
    with ledger_to_write(context), deliveries_to_write(context) as store:
        store.put_signals([replace(STOP, evidence="reply-3")])
    kept.unlink()
    assert "with it 3 opt-outs" in ready.run("plan", "hello.yaml", *TEST).err


def test_an_older_backup_of_it_is_refused(ready: ProjectDir, context: ProjectContext, kept: Path) -> None:
    backup = kept.with_name("backup")
    shutil.copy2(kept, backup)
    with deliveries_to_write(context) as store:
        store.put_signals([replace(STOP, evidence="reply-3")])
    backup.rename(kept)
    (kept.parent / "test.db.opt-outs").unlink()
    done = ready.run(*SEND)
    assert (done.code, done.json["error"]["code"]) == (6, "opt-outs-lost")
    checked = ready.run("ledger", "check", *TEST, "--format", "json")
    assert (checked.code, checked.json["error"]["code"]) == (6, "opt-outs-lost")


def test_a_file_that_never_held_an_opt_out_may_be_lost(ready: ProjectDir, context: ProjectContext) -> None:
    with deliveries_to_write(context) as store:
        store.observe([Observation(b"m" * 16, StatusReport("sent"), Source.LIST, 1.0)])
    (ready.folder / ".sendspec" / "test.db.delivery").unlink()
    assert ready.run(*SEND).code == 0
    with deliveries_to_write(context) as store:
        assert store.counts().deliveries == 0


def test_check_and_purge_and_copy_tell_of_it(ready: ProjectDir, context: ProjectContext, kept: Path) -> None:
    checked = ready.run("ledger", "check", *TEST, "--format", "json").json
    assert (checked["deliveries"], checked["opt_outs"]) == (1, 2)
    assert "1 delivery, 2 signals of opt-outs" in ready.run("ledger", "check", *TEST).out
    purged = ready.run("ledger", "purge", "--older-than", "9d", *TEST, "--format", "json").json
    assert (purged["purged"], purged["purged_deliveries"]) == (0, 1)
    assert ready.run("ledger", "purge", "--older-than", "9d", *TEST).out == "purged 0 messages\n"
    with deliveries_to_read(context) as facts:
        assert facts is not None
        assert (facts.counts().deliveries, facts.counts().signals) == (0, 2)
    copied = ready.run("ledger", "copy", ".sendspec/test.db", "new.db", *TEST, "--format", "json").json
    assert (copied["deliveries"], copied["opt_outs"]) == (0, 2)
    with pytest.raises(LedgerMoved), deliveries_to_write(context):
        pass
    with deliveries_to_read(context) as facts:
        assert facts is not None


def test_damage_of_it_is_told_by_check(ready: ProjectDir, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes().replace(b"reply-1", b"reply-x"))
    checked = ready.run("ledger", "check", *TEST, "--format", "json")
    assert (checked.code, checked.json["error"]["code"]) == (6, "ledger-damaged")
    assert "doesn't match its checksum" in checked.json["problems"][0]
    copied = ready.run("ledger", "copy", ".sendspec/test.db", "new.db", *TEST)
    assert (copied.code, "checksum" in copied.err) == (6, True)
    assert not (ready.folder / "new.db").exists()


def test_on_a_ci_runner_it_is_as_little_kept_as_the_ledger(ready: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    (ready.folder / ".git").mkdir()
    with pytest.raises(LedgerTrouble, match="CI job"), deliveries_to_write(context_of()):
        pass


def test_without_a_ledger_there_is_nothing_to_read_and_nowhere_to_write(ready: ProjectDir) -> None:
    sandbox = context_of("sandbox")
    for opening in (deliveries_to_read, deliveries_to_inspect):
        with opening(sandbox) as facts:
            assert facts is None
    with pytest.raises(LedgerMissing), deliveries_to_write(sandbox):
        pass


def test_the_sandbox_has_its_own_beside_its_ledger(ready: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ready.run("send", "hello.yaml", "--yes").code == 0
    monkeypatch.setenv("CI", "true")
    with deliveries_to_write(context_of("sandbox")) as store:
        store.put_signals([STOP])
    assert (ready.folder / ".sendspec" / "sandbox.db.delivery").exists()
    assert (ready.folder / ".sendspec" / ".gitignore").read_text().split() == ["*"]
