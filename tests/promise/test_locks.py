"""The run lock belongs to the ledger and to the process that took it: not to its children, nor to another name of the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from long_rows import all_but, every
from message_list import restore, saved
from processes import launched, started, until
from project_dir import Answer, CountingServer, ProjectDir, Request, numbers

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
ROWS = 60_000
"""So many that a parent is still planning when the processes that it started are stopped: their pipes hold a fraction."""


def ledger_file(project_dir: ProjectDir) -> Path:
    return project_dir.folder / ".sendspec" / "test.db"


def status_words(number: int) -> dict[str, str]:
    """What the kernel says of a process; nothing where it is gone."""
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def is_gone(number: int) -> bool:
    return status_words(number).get("State", "Z")[:1] in "ZX"


def ignores_interrupts(number: int) -> bool:
    """What a planning process does first; from then on it is at work."""
    return bool(int(status_words(number).get("SigIgn", "0"), 16) & 1 << (signal.SIGINT - 1))


def children_of(process: subprocess.Popen[str]) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def killed_while_planning(project_dir: ProjectDir, *, stopped: bool) -> Sequence[int]:
    """The planning processes of a send that was killed; `stopped` is whether they were stopped before."""
    process = launched(
        project_dir, *project_dir.command(*SEND, "--jobs", "3"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until(lambda: len(children_of(process)) == 2 and all(map(ignores_interrupts, children_of(process))))
    children = children_of(process)
    for number in children if stopped else ():
        os.kill(number, signal.SIGSTOP)
    process.kill()
    process.wait()
    return children


@pytest.mark.parametrize("stopped", all_but([True], [False, True]))
def test_planning_processes_of_a_killed_send_hold_nothing_and_are_gone(ready: ProjectDir, stopped: bool) -> None:
    ready.write("people.csv", numbers(ROWS))
    children = killed_while_planning(ready, stopped=stopped)
    try:
        ready.write("people.csv", numbers(5))
        done = ready.run(*SEND)
        assert done.code == 0, done.err
        assert done.json["totals"]["accepted"] == 5
        until(lambda: all(map(is_gone, children)))
    finally:
        for number in children:
            if not is_gone(number):
                os.kill(number, signal.SIGKILL)


def test_what_a_keys_command_leaves_running_does_not_hold_the_lock(ready: ProjectDir) -> None:
    path = ready.folder / "sendspec.yaml"
    command = "[sh, -c, 'sleep 60 >/dev/null 2>&1 & echo $! > left; echo key']"
    path.write_text(path.read_text().replace("{env: TEST_KEY}", f"{{command: {command}}}"))
    try:
        assert ready.run(*SEND).code == 0
        again = ready.run(*SEND)
        assert (again.code, again.json["skipped"]) == (0, {"already-accepted": 40})
    finally:
        os.kill(int((ready.folder / "left").read_text()), signal.SIGKILL)


def named(project_dir: ProjectDir, place: str) -> None:
    """The project file names the ledger so."""
    path = project_dir.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace(".sendspec/test.db", place))


def held(server: CountingServer) -> None:
    def wait(number: int, request: Request) -> Answer:
        server.released.wait(30)
        return Answer()

    server.decide = wait


def test_a_link_to_the_ledger_has_the_ledgers_lock_and_the_files_beside_it(
    ready: ProjectDir, server: CountingServer
) -> None:
    elsewhere = ready.folder / "names"
    elsewhere.mkdir()
    (elsewhere / "linked.db").symlink_to(ledger_file(ready))
    held(server)
    first = started(ready)
    until(lambda: bool(server.posts))
    named(ready, "names/linked.db")
    second = ready.run(*SEND)
    assert second.code == 75, second.err
    assert f"process {first.pid}" in second.err
    server.released.set()
    _, err = first.communicate(timeout=30)
    assert first.returncode == 0, err
    again = ready.run(*SEND)
    assert again.json["skipped"] == {"already-accepted": 40}, again.err
    assert len(server.posts) == 40
    assert [found.name for found in elsewhere.iterdir()] == ["linked.db"]


def test_status_tells_what_a_living_run_sends_from_what_a_killed_one_left(
    ready: ProjectDir, server: CountingServer
) -> None:
    held(server)
    process = started(ready)
    until(lambda: bool(server.posts))
    during = ready.run("status", "--env", "test")
    assert "under way: a run is sending; " in during.out, during.out
    assert "next: sendspec status hello.yaml --env test" in during.err
    [spec] = ready.run("status", "--env", "test", "--format", "json").json["specs"]
    assert spec["under_way"] == spec["totals"]["in_doubt"] > 0
    process.kill()
    process.wait()
    after = ready.run("status", "--env", "test")
    assert "under way" not in after.out
    assert "not sent: run 1 has no end: it was killed" in after.out
    server.released.set()


def test_a_ledger_with_a_second_hard_link_is_refused_under_both_names(
    ready: ProjectDir, server: CountingServer
) -> None:
    other = ready.folder / "other.db"
    os.link(ledger_file(ready), other)
    project = (ready.folder / "sendspec.yaml").read_text()
    for place in (".sendspec/test.db", "other.db"):
        ready.write("sendspec.yaml", project.replace(".sendspec/test.db", place))
        for command in (SEND, ("plan", "hello.yaml", "--env", "test"), ("status", "--env", "test")):
            done = ready.run(*command)
            assert done.code == 6, done.err
            assert "[ledger-linked]" in done.err
    assert server.posts == []
    other.unlink()
    ready.write("sendspec.yaml", project)
    assert ready.run(*SEND).json["totals"]["accepted"] == 40
    assert set(Counter(post.json["reference"] for post in server.posts).values()) == {1}


def test_what_an_init_that_was_killed_at_its_last_step_left_is_no_second_name(ready: ProjectDir) -> None:
    left = ledger_file(ready).with_name(".test.db.4711")
    os.link(ledger_file(ready), left)
    assert ready.run("status", "--env", "test").code == 0
    done = ready.run(*SEND)
    assert done.code == 0, done.err
    assert not left.exists()


@pytest.mark.parametrize("name", ["test.db", "test.db.lock", "test.db.spill", "test.db.epoch"])
def test_a_link_in_the_projects_own_folder_is_refused_and_what_it_leads_to_is_left_alone(
    ready: ProjectDir, server: CountingServer, name: str
) -> None:
    path = ledger_file(ready).with_name(name)
    precious = ready.write("precious", path.read_bytes() if name == "test.db" else "alias ll='ls -l'\n")
    before = precious.read_bytes()
    path.unlink(missing_ok=True)
    path.symlink_to(precious)
    done = ready.run(*SEND)
    assert done.code == 6, done.err
    assert "[ledger-linked]" in done.err
    assert str(path) in done.err
    assert precious.read_bytes() == before
    assert server.posts == []


@pytest.mark.parametrize("name", ["sandbox.db.lock", "sandbox.db.spill", "sandbox.db.epoch", "sandbox.db"])
@pytest.mark.parametrize("hard", [False, True])
def test_a_checkout_can_not_have_the_sandbox_write_to_a_file_of_the_user(
    ready: ProjectDir, name: str, hard: bool
) -> None:
    precious = ready.write("home/.bashrc", "alias ll='ls -l'\n")
    place = ready.folder / ".sendspec" / name
    os.link(precious, place) if hard else place.symlink_to(precious)
    done = ready.run("send", "hello.yaml", "--yes", "--format", "json")
    assert precious.read_text() == "alias ll='ls -l'\n"
    if hard and name.endswith("epoch"):  # replaced by a file of its own, as each run does
        assert done.code == 0, done.err
        assert not place.samefile(precious)
    else:
        assert done.code == 6, done.err


def test_the_projects_own_folder_is_no_link(project_dir: ProjectDir) -> None:
    project_dir.write("hello.yaml", "spec: 1\nname: hello\nchannel: sms\nrecipients: [{phone: '+31612345678'}]\n"
               "message: {body: {type: text, text: {text: Hi}}}\n")  # fmt: skip
    (project_dir.folder / "elsewhere").mkdir()
    (project_dir.folder / ".sendspec").symlink_to("elsewhere")
    done = project_dir.run("send", "hello.yaml", "--yes")
    assert done.code == 6, done.err
    assert "[ledger-linked]" in done.err
    assert list((project_dir.folder / "elsewhere").iterdir()) == []


def test_a_file_in_the_locks_place_that_is_none_is_not_written_to(ready: ProjectDir, server: CountingServer) -> None:
    lock = ledger_file(ready).with_name("test.db.lock")
    lock.write_text("a letter\n")
    done = ready.run(*SEND)
    assert done.code == 6, done.err
    assert "no lock of sendspec" in done.err
    assert lock.read_text() == "a letter\n"
    lock.unlink()
    assert ready.run(*SEND).code == 0


ENVIRONMENTS = ("one", "two", "three", "four")


@pytest.fixture
def several(project_dir: ProjectDir) -> ProjectDir:
    """A project with four environments that have no ledger yet."""
    environments = "".join(
        f"  {name}:\n    access_key: {{env: KEY}}\n    ledger: {{file: .sendspec/{name}.db}}\n    channels:\n"
        f"      sms: {{workspace: 0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a0{n},"
        f" channel: 5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b0{n}, platform: sms}}\n"
        for n, name in enumerate(ENVIRONMENTS)
    )
    project_dir.write("sendspec.yaml", f"environments:\n{environments}")
    return project_dir


SLOW_TO_WRITE = """
import sys, time
from sendspec.ledger import identity
real = identity.read_identities
def reading(path):
    known = real(path)
    time.sleep(0.2)
    return known
identity.read_identities = reading
from sendspec.cli.main import main
main(sys.argv[1:])
"""
"""The time between what an `init` reads and what it writes, made so long that others are surely at it meanwhile."""


def test_ledgers_made_at_once_keep_all_their_identities(several: ProjectDir) -> None:
    running = [several.started("ledger", "init", "--env", name, script=SLOW_TO_WRITE) for name in ENVIRONMENTS]
    for process in running:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    entries = json.loads((several.folder / "sendspec.lock").read_text())["environments"]
    assert sorted(entries) == sorted(ENVIRONMENTS)
    for name in ENVIRONMENTS:
        assert several.run("ledger", "check", "--env", name).code == 0
    assert sorted(found.name for found in several.folder.iterdir()) == [".sendspec", "sendspec.lock", "sendspec.yaml"]


def test_of_two_that_make_one_ledger_at_once_one_does(several: ProjectDir) -> None:
    running = [several.started("ledger", "init", "--env", "one") for _ in range(4)]
    codes = []
    for process in running:
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        codes.append(process.returncode)
    assert codes.count(0) == 1
    assert set(codes) <= {0, 6, 75}
    assert several.run("ledger", "check", "--env", "one").code == 0


KILLED = """
import os, signal, sys
ANYWHERE = ('fcntl.flock',)
point = sys.argv.pop(1)
left = [int(sys.argv.pop(1))]
here = os.getcwd()
def strike(event, arguments):
    if event == point and (event in ANYWHERE or str(arguments[0]).startswith((here, "file:" + here))):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
from sendspec.cli.main import main
import sendspec.cli.ledger
import sendspec.ledger.sqlite.opening
sys.addaudithook(strike)
main(sys.argv[1:])
"""
"""Killed right before the nth time that a file of the project is opened, named, renamed or removed, or anything is locked."""
STEPS = {
    "os.mkdir": (1, 2),
    "open": range(1, 14),
    "os.link": (1,),
    "os.rename": (1, 2),
    "os.remove": (1, 8, 9, 10, 16),
    "sqlite3.connect": (1,),
    "fcntl.flock": (1, 2),
}
"""Which of the times that an `init` comes by each of them."""


@pytest.mark.parametrize(("event", "nth"), every(3, [(event, nth) for event, times in STEPS.items() for nth in times]))
def test_an_init_that_was_killed_is_completed_by_the_next(several: ProjectDir, event: str, nth: int) -> None:
    done = several.run(event, str(nth), "ledger", "init", "--env", "one", script=KILLED)
    assert done.code == -9, done.err
    before = entries_of(several)
    again = several.run("ledger", "init", "--env", "one")
    if (several.folder / ".sendspec" / "one.db").exists() and again.code == 6:  # it was whole
        assert "already" in again.err
    else:
        assert again.code == 0, again.err
        assert "warning" not in again.err
    after = entries_of(several)
    assert before.items() <= after.items()
    assert several.run("ledger", "check", "--env", "one").code == 0
    assert several.run("ledger", "init", "--env", "two").code == 0
    made = {found.name for found in (several.folder / ".sendspec").iterdir() if found.name.startswith(".")}
    assert made <= {".gitignore"}
    assert sorted(found.name for found in several.folder.iterdir()) == [".sendspec", "sendspec.lock", "sendspec.yaml"]


def entries_of(project_dir: ProjectDir) -> dict[str, object]:
    try:
        return dict(json.loads((project_dir.folder / "sendspec.lock").read_text())["environments"])
    except FileNotFoundError:
        return {}


def test_a_ledger_that_is_removed_while_a_run_holds_it_stops_the_run(ready: ProjectDir, server: CountingServer) -> None:
    settings = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", settings.replace("timeout: 2", "timeout: 2, concurrency: 1"))

    def decide(number: int, request: Request) -> Answer:
        if number == 5:
            ledger_file(ready).unlink()
        return Answer()

    server.decide = decide
    done = ready.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (6, "lock-lost"), done.err
    assert 0 < len(server.posts) < 40
    assert done.json["totals"]["accepted"] == len(server.posts)


@pytest.mark.parametrize("command", [("status",), ("plan", "hello.yaml")])
def test_a_ledger_that_its_own_mirror_disproves_is_shown_to_nobody(
    ready: ProjectDir, server: CountingServer, command: tuple[str, ...]
) -> None:
    send = ("send", "hello.yaml", "--env", "test", "--yes")
    before = saved(ready)
    assert ready.run(*send).code == 0
    mirror = ledger_file(ready).with_name("test.db.epoch").read_bytes()
    restore(ready, before)
    ledger_file(ready).with_name("test.db.epoch").write_bytes(mirror)
    done = ready.run(*command, "--env", "test", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (6, "ledger-rolled-back"), done.err
