"""What makes everybody somebody new is told, the same by every command: a lost entry, another name, a ledger that begins late."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from project_dir import SPEC, CountingServer, Done, ProjectDir, numbers
from readiness import is_readable
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.operations.ledger_init import refuse_without_entry
from sendspec.operations.project_context import open_context
from sendspec.operations.system import real_system

SEND = ("send", "hello.yaml", "--env", "test", "--yes")
ASKING = (("plan", "hello.yaml"), ("send", "hello.yaml", "--yes"), ("status",), ("reconcile",), ("ledger", "check"))
"""Commands that need the ledger; `--env` is added."""


def entries(project_dir: ProjectDir) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project_dir.folder / "sendspec.lock").read_text())["environments"]
    return found


def write_entries(project_dir: ProjectDir, changed: dict[str, Any]) -> None:
    project_dir.write("sendspec.lock", json.dumps({"lock": 1, "environments": changed}, indent=2))


def rewrite(project_dir: ProjectDir, **replaced: str) -> None:
    """Changes words of the project file."""
    path = project_dir.folder / "sendspec.yaml"
    text = path.read_text()
    for old, new in replaced.items():
        assert f"  {old}:\n" in text
        text = text.replace(f"  {old}:\n", f"  {new}:\n")
    path.write_text(text)


def refused_by_all(project_dir: ProjectDir, env: str, code: str) -> list[Done]:
    """Every command that needs the ledger exits with 6 and this code, `ledger init` with 2, and all say the same."""
    done = [project_dir.run(*command, "--env", env) for command in ASKING]
    made = project_dir.run("ledger", "init", "--env", env)
    assert [each.code for each in done] == [6] * len(ASKING), [each.err for each in done]
    assert made.code == 2, made.err
    said = {each.err.strip().splitlines()[0] for each in (*done, made)}
    assert len(said) == 1, said
    assert f"[{code}]" in said.pop()
    return [*done, made]


@pytest.mark.parametrize("whole", [True, False])
def test_a_lost_entry_is_told_by_every_command_and_comes_back_from_git(
    ready: ProjectDir, server: CountingServer, whole: bool
) -> None:
    git(ready, "init", "-q")
    git(ready, "add", "sendspec.lock", "sendspec.yaml")
    git(ready, "commit", "-q", "-m", "a ledger")
    assert ready.run(*SEND).code == 0
    lock = ready.folder / "sendspec.lock"
    lock.unlink() if whole else write_entries(ready, {})
    for done in refused_by_all(ready, "test", "lock-entry-lost"):
        assert "git log --all -p -- sendspec.lock" in done.err
    assert ready.run("ledger", "init", "--env", "test", "--empty").code == 2
    for form in (("plan", "hello.yaml"), ("send", "hello.yaml", "--yes"), ("status",)):
        document = ready.run(*form, "--env", "test", "--format", "json").json
        assert document["error"]["code"] == "lock-entry-lost"
    doctor = ready.run("doctor", "--env", "test")
    assert "has lost the entry 'test'" in doctor.out
    assert len(server.posts) == 40
    git(ready, "checkout", "HEAD", "--", "sendspec.lock")
    again = ready.run(*SEND, "--format", "json")
    assert (again.code, again.json["skipped"]) == (0, {"already-accepted": 40})


def test_what_needs_no_ledger_goes_on_without_the_entry(ready: ProjectDir) -> None:
    (ready.folder / "sendspec.lock").unlink()
    assert ready.run("validate", "hello.yaml", "--env", "test").code == 0
    assert ready.run("render", "hello.yaml", "--env", "test").code == 0


def test_a_file_that_is_no_ledger_lost_no_entry(ready: ProjectDir) -> None:
    (ready.folder / "sendspec.lock").unlink()
    (ready.folder / ".sendspec" / "test.db").write_text("a letter")
    done = ready.run(*SEND)
    assert done.code == 6
    assert "[ledger-damaged]" in done.err


def test_another_environments_ledger_is_not_taken_for_one_that_lost_its_entry(ready: ProjectDir) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text + text.removeprefix("environments:\n").replace("  test:", "  second:"))
    done = ready.run("send", "hello.yaml", "--env", "second", "--yes")
    assert done.code == 6
    assert "that of the environment 'test'" in done.err
    assert "[ledger-foreign]" in done.err


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


@pytest.mark.parametrize("place", ["there", "moved", "another path"])
@pytest.mark.parametrize("old", [False, True])
def test_a_renamed_environment_is_told_and_sends_nothing(
    ready: ProjectDir, server: CountingServer, place: str, old: bool
) -> None:
    assert ready.run(*SEND).code == 0
    if old:
        write_entries(ready, {"test": without(entries(ready)["test"], "file", "channels")})
    rewrite(ready, test="live")
    ledger = ready.folder / ".sendspec"
    if place == "moved":
        ledger.rename(ready.folder / "backup")
    if place == "another path":
        path = ready.folder / "sendspec.yaml"
        path.write_text(path.read_text().replace(".sendspec/test.db", ".sendspec/live.db"))
    for done in refused_by_all(ready, "live", "environment-renamed"):
        assert "rename 'test' to 'live' in sendspec.lock" in done.err
    assert len(server.posts) == 40


def test_with_its_entry_renamed_too_it_goes_on(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run(*SEND).code == 0
    rewrite(ready, test="live")
    write_entries(ready, {"live": entries(ready)["test"]})
    again = ready.run("send", "hello.yaml", "--env", "live", "--yes", "--format", "json")
    assert (again.code, again.json["skipped"]) == (0, {"already-accepted": 40})


def test_that_it_is_another_one_can_be_said(ready: ProjectDir) -> None:
    path = ready.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace(".sendspec/test.db", ".sendspec/live.db"))
    rewrite(ready, test="live")
    assert ready.run("ledger", "init", "--env", "live").code == 2
    made = ready.run("ledger", "init", "--env", "live", "--empty")
    assert made.code == 0, made.err
    assert set(entries(ready)) == {"test", "live"}
    assert ready.run("plan", "hello.yaml", "--env", "live").code == 0


def second_environment(project_dir: ProjectDir, **replaced: str) -> None:
    text = (project_dir.folder / "sendspec.yaml").read_text()
    second = text.removeprefix("environments:\n").replace("  test:", "  second:").replace("test.db", "second.db")
    for old, new in replaced.items():
        second = second.replace(old, new)
    project_dir.write("sendspec.yaml", text + second)


def test_an_environment_with_channels_of_its_own_is_no_renamed_one(ready: ProjectDir) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    other = text.replace("  test:", "  second:").replace("test.db", "second.db")
    ready.write(
        "sendspec.yaml", other.replace("5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01", "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b02")
    )
    plan = ready.run("plan", "hello.yaml", "--env", "second")
    assert plan.code == 0, plan.err
    assert "provisional" in plan.err
    made = ready.run("ledger", "init", "--env", "second")
    assert made.code == 0, made.err


def test_a_second_environment_on_the_same_channels_is_made_only_when_that_is_said(ready: ProjectDir) -> None:
    second_environment(ready)
    made = ready.run("ledger", "init", "--env", "second")
    assert made.code == 2
    assert "[channels-shared]" in made.err
    assert "'test'" in made.err
    assert ready.run("plan", "hello.yaml", "--env", "second").code == 0
    assert ready.run("ledger", "init", "--env", "second", "--empty").code == 0


NO_SPECS = {
    "deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 1\n",
    "notes.yml": "text: |\n  spec: 1\n",
    "list.yaml": "- spec: 1\n",
    "hello.txt": SPEC,
    "inner/sendspec.yaml": "environments: {}\n",
    "inner/hello.yaml": SPEC,
}


def git(project_dir: ProjectDir, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], cwd=project_dir.folder, check=True,
        capture_output=True,
    )  # fmt: skip


@pytest.fixture
def unmade(ready: ProjectDir) -> ProjectDir:
    """A project in a repository without a commit, with a spec that isn't committed, and no ledger."""
    (ready.folder / "sendspec.lock").unlink()
    for found in (ready.folder / ".sendspec").iterdir():
        found.unlink()
    (ready.folder / ".sendspec").rmdir()
    git(ready, "init", "-q")
    return ready


def commit(project_dir: ProjectDir, *paths: str) -> None:
    git(project_dir, "add", "-f", *paths)
    git(project_dir, "commit", "-q", "-m", "more")


def test_where_specs_are_committed_a_new_ledger_needs_a_word(unmade: ProjectDir, server: CountingServer) -> None:
    commit(unmade, "hello.yaml", "sendspec.yaml")
    refused = unmade.run("ledger", "init", "--env", "test")
    assert refused.code == 2
    assert "[init-needs-choice]" in refused.err
    assert "the last commit holds 1 spec," in refused.err
    assert not (unmade.folder / "sendspec.lock").exists()
    assert not (unmade.folder / ".sendspec").exists()
    assert unmade.run("ledger", "init", "--env", "test", "--empty").code == 0
    assert unmade.run(*SEND).code == 0


@pytest.mark.parametrize(
    "text", [SPEC, "{name: hello,\n spec: 1}\n", "\ufeff" + SPEC, SPEC.replace("\n", "\r\n"), SPEC + "name: twice\n"]
)
def test_a_spec_is_found_however_it_is_written(unmade: ProjectDir, text: str) -> None:
    unmade.write("deep/down/ünïcode.yml", text)
    commit(unmade, "deep")
    (unmade.folder / "deep/down/ünïcode.yml").unlink()
    assert unmade.run("ledger", "init", "--env", "test").code == 2


def test_what_is_no_spec_of_this_project_asks_for_nothing(unmade: ProjectDir) -> None:
    for name, text in NO_SPECS.items():
        unmade.write(name, text)
    (unmade.folder / "link.yaml").symlink_to("hello.yaml")
    commit(unmade, *NO_SPECS, "link.yaml")
    made = unmade.run("ledger", "init", "--env", "test")
    assert made.code == 0, made.err


def test_before_the_first_commit_nothing_was_sent_from_there(unmade: ProjectDir) -> None:
    assert unmade.run("ledger", "init", "--env", "test").code == 0


def test_a_repository_that_can_not_be_read_is_not_taken_for_one_without_specs(unmade: ProjectDir) -> None:
    commit(unmade, "hello.yaml")
    (unmade.folder / ".git" / "HEAD").write_text("nothing that git knows\n")
    done = unmade.run("ledger", "init", "--env", "test")
    assert done.code == 2
    assert "[init-needs-choice]" in done.err
    assert unmade.run("ledger", "init", "--env", "test", "--empty").code == 0


def test_nothing_that_a_repository_configures_is_run(unmade: ProjectDir) -> None:
    commit(unmade, "hello.yaml")
    trap = unmade.write("trap.sh", f"#!/bin/sh\ntouch {unmade.folder}/sprung\n")
    trap.chmod(0o755)
    git(unmade, "config", "core.fsmonitor", str(trap))
    git(unmade, "config", "core.hooksPath", str(unmade.folder))
    assert unmade.run("ledger", "init", "--env", "test").code == 2
    assert not (unmade.folder / "sprung").exists()


def test_with_a_baseline_nobody_of_the_committed_specs_gets_them_and_whoever_is_new_does(
    unmade: ProjectDir, server: CountingServer
) -> None:
    commit(unmade, "hello.yaml", "people.csv", "sendspec.yaml")
    made = unmade.run("ledger", "init", "--env", "test", "--baseline", "--format", "json")
    assert (made.code, made.json["baselined"]) == (0, 40), made.err
    planned = unmade.run("plan", "hello.yaml", "--env", "test", "--format", "json").json
    assert planned["skipped"] == {"baseline": 40}
    unmade.write("people.csv", numbers(41))
    sent = unmade.run(*SEND, "--format", "json")
    assert (sent.code, sent.json["totals"]["accepted"], sent.json["skipped"]) == (0, 1, {"baseline": 40})
    assert len(server.posts) == 1
    raised = (unmade.folder / "hello.yaml").read_text() + "generation: 3\n"
    unmade.write("hello.yaml", raised)
    assert "[generation-skipped]" in unmade.run("plan", "hello.yaml", "--env", "test").err


@pytest.mark.parametrize("broken", ["phone,first_name,order_id\n12,Ann,A1\n", None], ids=["a bad row", "no table"])
def test_a_baseline_of_a_spec_that_is_rejected_makes_nothing(unmade: ProjectDir, broken: str | None) -> None:
    if broken is not None:
        unmade.write("people.csv", broken)
    else:
        (unmade.folder / "people.csv").unlink()
    commit(unmade, "hello.yaml", "sendspec.yaml")
    done = unmade.run("ledger", "init", "--env", "test", "--baseline")
    assert done.code == 1
    assert ("hello.yaml" if broken is None else "people.csv") in done.err
    assert done.err.rstrip().endswith("nothing was made")
    assert not (unmade.folder / "sendspec.lock").exists()
    assert not (unmade.folder / ".sendspec" / "test.db").exists()


def asked(project_dir: ProjectDir, answer: str, *arguments: str) -> tuple[int, str]:
    """A command on a terminal, answered once it asks; its exit code and what it said."""
    own, theirs = pty.openpty()
    process = subprocess.Popen(
        project_dir.command(*arguments), cwd=project_dir.folder, env={**os.environ, **project_dir.environ}, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said, answered = b"", False
    while is_readable(own, 60):
        try:
            more = os.read(own, 4_096)
        except OSError:  # the other end is closed
            break
        said += more
        if b"ledger begin?" in said and not answered:
            os.write(own, answer.encode())
            answered = True
    os.close(own)
    return process.wait(60), said.decode()


def test_on_a_terminal_it_asks_and_shows_what_was_found(unmade: ProjectDir) -> None:
    commit(unmade, "hello.yaml")
    code, said = asked(unmade, "empty\n", "ledger", "init", "--env", "test")
    assert code == 0, said
    assert "hello.yaml" in said
    assert "made " in said


def test_no_answer_makes_nothing(unmade: ProjectDir) -> None:
    commit(unmade, "hello.yaml")
    code, said = asked(unmade, "\x04", "ledger", "init", "--env", "test")
    assert code == 130, said
    assert not (unmade.folder / "sendspec.lock").exists()


SMALL = "spec: 1\nname: hello\nchannel: sms\nrecipients: {file: people.csv}\nmessage: {body: {type: text, text: {text: Hi}}}\n"


@pytest.fixture
def fresh(project_dir: ProjectDir) -> ProjectDir:
    """A folder with a spec in it and nothing else."""
    project_dir.write("hello.yaml", SMALL)
    project_dir.write("people.csv", numbers(5))
    return project_dir


def test_a_plan_made_before_the_sandboxs_first_send_holds(fresh: ProjectDir) -> None:
    plan = fresh.run("plan", "hello.yaml", "--out", "plan.json")
    assert plan.code == 0
    assert "provisional" not in plan.err
    assert not (fresh.folder / ".sendspec").exists()
    done = fresh.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == 5


def test_the_sandboxs_ids_are_the_same_before_and_after_and_in_another_folder(
    fresh: ProjectDir, tmp_path_factory: Any
) -> None:
    first = fresh.run("render", "hello.yaml").out
    assert fresh.run("send", "hello.yaml", "--yes").code == 0
    assert fresh.run("render", "hello.yaml").out == first
    other = ProjectDir(tmp_path_factory.mktemp("other"))
    other.write("hello.yaml", SMALL)
    other.write("people.csv", numbers(5))
    assert other.run("render", "hello.yaml").out == first


def test_only_a_send_makes_a_file_for_the_sandbox(fresh: ProjectDir) -> None:
    for command in (("plan", "hello.yaml"), ("status",), ("render", "hello.yaml"), ("doctor",)):
        assert fresh.run(*command).code == 0
    assert sorted(found.name for found in fresh.folder.iterdir()) == ["hello.yaml", "people.csv"]
    assert fresh.run("send", "hello.yaml", "--yes").code == 0
    assert not (fresh.folder / ".sendspec" / "sandbox.identity").exists()


def test_an_identity_that_an_earlier_release_gave_the_sandbox_is_kept(fresh: ProjectDir) -> None:
    constant = fresh.run("render", "hello.yaml").out
    identity = {"ledger": "11111111-1111-4111-8111-111111111111", "salt": "ab" * 32}
    fresh.write(".sendspec/sandbox.identity", json.dumps({"lock": 1, "environments": {"sandbox": identity}}))
    own = fresh.run("render", "hello.yaml").out
    assert own != constant
    assert fresh.run("send", "hello.yaml", "--yes").code == 0
    assert fresh.run("render", "hello.yaml").out == own
    again = fresh.run("send", "hello.yaml", "--yes", "--format", "json")
    assert again.json["skipped"] == {"already-accepted": 5}


def test_an_init_that_another_one_forestalled_says_so(ready: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry came to sendspec.lock after this one had read the file: nothing is lost."""
    monkeypatch.chdir(ready.folder)
    system = real_system("sendspec ledger init", environ=ready.environ)
    context = open_context((), "test", Problems(), system)
    assert context is not None
    stale = replace(context, identity=None, entries={})
    with pytest.raises(LedgerTrouble, match="was just made by another command") as told:
        refuse_without_entry(stale, chosen=True)
    assert told.value.exit_code == 6
