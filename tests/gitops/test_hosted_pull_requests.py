"""The whole way through the workflows that ship: a pull request, its comment, the merge, the approval, the send, and the hour after.

The ledger is a file that outlives the jobs, or on a PostgreSQL server with a role that plans and one that sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from actions_job import write_program
from actions_service import Run
from hosted_project import FileLedger, HostedProject, ServerLedger
from long_rows import all_but
from project_dir import SPEC, CountingServer, numbers

PEOPLE = 6
HELLO, TABLE = "specs/hello.yaml", "specs/people.csv"


@pytest.fixture(params=[FileLedger, ServerLedger], ids=["file", "server"])
def hosted(tmp_path: Path, server: CountingServer, request: pytest.FixtureRequest) -> Iterator[HostedProject]:
    ledger = request.param(tmp_path)
    yield HostedProject(tmp_path, server, ledger)
    if isinstance(ledger, ServerLedger):
        ledger.close()


@pytest.fixture
def on_file(tmp_path: Path, server: CountingServer) -> HostedProject:
    return HostedProject(tmp_path, server, FileLedger(tmp_path))


def write_hello(hosted: HostedProject, people: int = PEOPLE) -> None:
    hosted.desk.write(HELLO, SPEC)
    hosted.desk.write(TABLE, numbers(people))


def proposed(hosted: HostedProject) -> None:
    """A branch `topic` that adds the spec."""
    hosted.desk.git("checkout", "--quiet", "-b", "topic")
    write_hello(hosted)
    hosted.desk.commit("Add hello")
    hosted.desk.git("checkout", "--quiet", "main")


def once(hosted: HostedProject, people: int = PEOPLE) -> None:
    texted = hosted.desk.texted()
    assert (len(texted), set(texted.values())) == (people, {1})


def succeeded(run: Run, *names: str) -> None:
    for name in names:
        assert run.jobs[name].result == "success", run.jobs[name].log


@pytest.mark.parametrize(
    "hosted", all_but([ServerLedger], [FileLedger, ServerLedger]), ids=["file", "server"], indirect=True
)
def test_from_the_pull_request_to_the_phones(hosted: HostedProject) -> None:
    """A stranger's with one ledger, a colleague's with the other."""
    is_of_fork = isinstance(hosted.ledger, FileLedger)
    proposed(hosted)
    opened = hosted.pull_request("topic", is_of_fork=is_of_fork)
    succeeded(opened, "pr-plan")
    assert {name for name, job in opened.jobs.items() if job.result != "skipped"} == {"pr-plan"}
    assert "Hi ⟨first\\_name⟩" in opened.jobs["pr-plan"].summary or "⟨first_name⟩" in opened.jobs["pr-plan"].summary
    [file] = opened.artifacts["sendspec-numbers"].iterdir()
    assert json.loads(file.read_text())["send"] == str(PEOPLE)
    assert hosted.commented(opened, "topic", is_of_fork=is_of_fork).jobs["comment"].result == "success"
    [comment] = hosted.service.state.load()["comments"]["1"]
    assert f"**{PEOPLE} messages** would be sent" in comment["body"]
    assert hosted.server.requests == []

    hosted.desk.git("merge", "--quiet", "--squash", "topic")
    merged = hosted.merged("Add hello (#1)")
    succeeded(merged, "plan")
    digest = merged.jobs["plan"].outputs["digest"]
    assert re.fullmatch(r"v1:[0-9a-f]{64}", digest)
    assert {name: " ".join(text.split()) for name, text in merged.waiting.items()} == {
        "send": f"send {PEOPLE} messages ({digest})"
    }
    assert digest in merged.jobs["plan"].summary
    assert hosted.server.requests == []

    assert merged.approve("send").result == "success", merged.jobs["send"].log
    once(hosted)
    assert hosted.status()["accepted"] == PEOPLE
    assert "hello" in merged.jobs["send"].summary
    for _ in range(2):
        assert merged.again("send").result == "success"
    again = merged.again("plan")
    assert (again.outputs["send"], merged.jobs["send"].result, merged.waiting) == ("0", "skipped", {})
    once(hosted)


def test_a_pull_request_shows_what_it_changes(on_file: HostedProject) -> None:
    write_hello(on_file)
    on_file.merged("Add hello")
    on_file.desk.git("checkout", "--quiet", "-b", "topic")
    on_file.desk.replace(HELLO, ("is on its way", "has left"))
    on_file.desk.write(TABLE, numbers(PEOPLE + 2))
    on_file.desk.commit("Another text, and two more")
    on_file.desk.git("checkout", "--quiet", "main")
    run = on_file.pull_request("topic", is_of_fork=True)
    succeeded(run, "pr-plan")
    summary = run.jobs["pr-plan"].summary
    assert f"**changed**: {PEOPLE} messages, +2 recipients" in summary
    assert "<del>`is on its way`</del>" in summary
    assert "<ins>`has left`</ins>" in summary
    assert "Person" not in summary + run.jobs["pr-plan"].log  # a row's own value


def test_a_mistake_is_told_on_the_pull_request_and_leaves_no_numbers(on_file: HostedProject) -> None:
    on_file.desk.git("checkout", "--quiet", "-b", "topic")
    write_hello(on_file)
    on_file.desk.replace(HELLO, ("first_name", "frist_name"))
    on_file.desk.commit("Add hello")
    on_file.desk.git("checkout", "--quiet", "main")
    run = on_file.pull_request("topic")
    assert run.jobs["pr-plan"].result == "failure"
    assert f"::error file={HELLO},line=6," in run.jobs["pr-plan"].log
    assert run.artifacts == {}


def test_mistakes_in_examples_and_in_specs_are_told_together(on_file: HostedProject) -> None:
    on_file.desk.git("checkout", "--quiet", "-b", "topic")
    write_hello(on_file)
    with (on_file.desk.project_dir.folder / HELLO).open("a") as file:
        file.write(
            "examples:\n  - with: {phone: '+447700900001', first_name: A, order_id: B}\n    expect: {text: Bye}\n"
        )
    on_file.desk.write("specs/bye.yaml", SPEC.replace("name: hello", "name: bye").replace("first_name", "frist_name"))
    on_file.desk.commit("Add two")
    on_file.desk.git("checkout", "--quiet", "main")
    job = on_file.pull_request("topic").jobs["pr-plan"]
    assert job.result == "failure"
    assert f"::error file={HELLO},line=9," in job.log, job.log
    assert "::error file=specs/bye.yaml,line=" in job.log
    assert "specs/bye.yaml" in job.summary


def test_the_workflow_that_init_writes_shows_the_plan(tmp_path: Path, server: CountingServer) -> None:
    hosted = HostedProject(tmp_path, server, FileLedger(tmp_path))
    desk = hosted.desk
    desk.git("checkout", "--quiet", "-b", "topic")
    for path in ("sendspec.yaml", ".github/workflows/messages.yml"):
        desk.git("rm", "--quiet", path)
    assert desk.project_dir.run("init").code == 0
    desk.write(".github/sendspec-requirements.txt", "sendspec @ https://example.com/sendspec.whl --hash=sha256:00\n")
    desk.commit("Begin with sendspec")
    desk.git("checkout", "--quiet", "main")
    tools = hosted.service.tools
    write_program(
        tools / "python", f'#!/bin/sh\necho "$*" >{tools}/asked\ncp {tools}/sendspec-of-the-tests {tools}/sendspec\n'
    )
    run = hosted.pull_request("topic", is_of_fork=True)
    succeeded(run, "pr-plan")
    assert "**1 new spec for 3 recipients**; all specs together: 3 messages" in run.jobs["pr-plan"].summary
    assert "--require-hashes" in (tools / "asked").read_text()
    assert server.requests == []
