"""Somebody else's project file, and commands that give a key: what others wrote is not run, and what is run is bounded."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from oracles import IN_CI
from project_dir import CHANNEL, WORKSPACE, CountingServer, Done, ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: [{phone: "+447700900001"}]
message: {body: {type: text, text: {text: Hi}}}
examples: [{with: {phone: "+447700900001"}, expect: {text: Hi}}]
"""
SOMEBODY = 4_711
STRANGER = 4_712
COMMANDS = (
    ("validate", "hello.yaml"), ("render", "hello.yaml"), ("test", "hello.yaml"), ("plan", "hello.yaml"), ("status", "hello.yaml"),
    ("send", "hello.yaml", "--yes"), ("send", "hello.yaml", "--env", "test", "--yes"), ("doctor", "--env", "test"), ("status",),
    ("reconcile",), ("ledger", "init", "--env", "test"), ("ledger", "check"),
)  # fmt: skip


def project_file(url: str, *command: str) -> str:
    return f"""environments:
  test:
    api_url: {url}
    access_key: {{command: [{", ".join(map(repr, command))}]}}
    ledger: {{file: .sendspec/test.db}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, timeout: 2}}
"""


@pytest.fixture
def below(project_dir: ProjectDir, server: CountingServer) -> ProjectDir:
    """A folder of one's own with a spec in it, below one with a project file whose key command leaves a mark."""
    project_dir.write("sendspec.yaml", project_file(server.url, "touch", str(project_dir.folder / "mark")))
    work = ProjectDir(project_dir.folder / "work")
    work.write("hello.yaml", SPEC)
    return work


def given(path: Path, owner: int) -> None:
    """Gives a file away, which root alone can do: on a developer's machine the test is skipped otherwise, in CI it fails."""
    if os.geteuid() != 0:
        (pytest.fail if IN_CI else pytest.skip)("only root can give files away")
    os.chown(path, owner, owner)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_project_file_of_somebody_else_in_a_parent_folder_is_not_used(
    below: ProjectDir, command: tuple[str, ...]
) -> None:
    given(below.folder.parent / "sendspec.yaml", SOMEBODY)
    done = below.run(*command)
    assert done.code == 1, done
    assert "[project-foreign]" in done.err
    assert "chown" in done.err
    assert not (below.folder.parent / "mark").exists()
    assert not (below.folder.parent / ".sendspec").exists()


def test_a_file_that_belongs_to_who_has_the_spec_is_used(below: ProjectDir) -> None:
    """As in a container, where root works on a checkout of the user's."""
    given(below.folder.parent / "sendspec.yaml", SOMEBODY)
    given(below.folder / "hello.yaml", SOMEBODY)
    assert below.run("plan", "hello.yaml", "--env", "test").code == 0
    given(below.folder / "hello.yaml", STRANGER)
    assert below.run("plan", "hello.yaml", "--env", "test").code == 1


def test_without_a_spec_the_working_directory_tells_whose_project_it_is(below: ProjectDir) -> None:
    given(below.folder.parent / "sendspec.yaml", SOMEBODY)
    assert below.run("status", "--env", "test").code == 1
    given(below.folder, SOMEBODY)
    assert below.run("status", "--env", "test").code == 0


def test_a_link_of_ones_own_to_somebody_elses_file_is_somebody_elses(below: ProjectDir) -> None:
    top = below.folder.parent
    (top / "sendspec.yaml").rename(top / "other.yaml")
    given(top / "other.yaml", SOMEBODY)
    (top / "sendspec.yaml").symlink_to("other.yaml")
    assert "[project-foreign]" in below.run("plan", "hello.yaml", "--env", "test").err


def test_the_key_command_is_run_only_where_something_is_sent_or_asked(
    below: ProjectDir, server: CountingServer
) -> None:
    top = ProjectDir(below.folder.parent)
    script = f"import pathlib; pathlib.Path({str(top.folder / 'mark')!r}).touch(); print('k' * 20)"
    top.write("sendspec.yaml", project_file(server.url, sys.executable, "-c", script.replace("'", '"')))
    assert below.run("ledger", "init", "--env", "test").code == 0
    for command in (
        ("validate", "hello.yaml"), ("plan", "hello.yaml"), ("render", "hello.yaml"), ("test", "hello.yaml"),
        ("status", "hello.yaml"), ("send", "hello.yaml", "--dry-run"), ("ledger", "check"), ("ledger", "export"),
    ):  # fmt: skip
        done = below.run(*command, "--env", "test")
        assert done.code == 0, done
        assert not (top.folder / "mark").exists(), command
    assert below.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert (top.folder / "mark").exists()
    assert server.posts[0].headers["Authorization"] == "AccessKey " + "k" * 20


ENDLESS = {
    "on standard output": "while True: sys.stdout.write('k' * 65536)",
    "on standard error": "for n in range(100_000): sys.stderr.write('k' * 4096)",
    "to a child that outlives it": "os.execvp('sh', ['sh', '-c', 'yes & exec yes'])",
}


@pytest.mark.parametrize("where", ENDLESS)
def test_what_a_key_command_prints_is_read_only_as_far_as_a_key_goes(
    below: ProjectDir, server: CountingServer, where: str
) -> None:
    top = ProjectDir(below.folder.parent)
    top.write("key.py", f"import os, sys\n{ENDLESS[where]}\nprint('k' * 20)\n")
    top.write("sendspec.yaml", project_file(server.url, sys.executable, "key.py"))
    assert below.run("ledger", "init", "--env", "test").code == 0
    done = measured(below, "send", "hello.yaml", "--env", "test", "--yes")
    if where == "on standard error":
        assert done.code == 0, done.err
    else:
        assert done.code == 1
        assert "is longer than 4,096 characters" in done.err or "position" in done.err
        assert server.posts == []


def test_a_process_that_a_key_command_leaves_behind_is_not_waited_for(
    below: ProjectDir, server: CountingServer
) -> None:
    top = ProjectDir(below.folder.parent)
    top.write(
        "sendspec.yaml", project_file(server.url, "sh", "-c", "sleep 300 & echo $! > pid; echo kkkkkkkkkkkkkkkkkkkk")
    )
    assert below.run("ledger", "init", "--env", "test").code == 0
    done = below.run("send", "hello.yaml", "--env", "test", "--yes", timeout=60)
    os.kill(int((top.folder / "pid").read_text()), signal.SIGKILL)
    assert done.code == 0, done.err
    assert server.posts[0].headers["Authorization"] == "AccessKey " + "k" * 20


def measured(project_dir: ProjectDir, *arguments: str) -> Done:
    """A command that may not take more than 600 MB."""
    project_dir.environ["PYTHONHASHSEED"] = "0"  # a process of its own
    project_dir.command = lambda *words: [  # type: ignore[method-assign]
        "bash", "-c", 'ulimit -v 600000; exec "$@"', "bash", sys.executable, "-m", "sendspec", *words
    ]  # fmt: skip
    return project_dir.run(*arguments)
