"""Scripted histories through the very workflows that ship: from the pull request to what the API got, whatever CI does in between.

Each runs with the ledger in a file that outlives the jobs, and on a PostgreSQL server with a role that plans and one that sends.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from actions_service import Event, Run
from hosted_project import FileLedger, HostedProject, ServerLedger
from long_rows import all_but, long
from project_dir import SPEC, Answer, CountingServer, Request, numbers

PEOPLE = 6
HELLO, TABLE, BYE = "specs/hello.yaml", "specs/people.csv", "specs/bye.yaml"
GOODBYE = SPEC.replace("name: hello", "name: bye").replace("Hi", "Bye")


@pytest.fixture(params=[FileLedger, pytest.param(ServerLedger, marks=long)], ids=["file", "server"])
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


def once(hosted: HostedProject, people: int = PEOPLE) -> None:
    texted = hosted.desk.texted()
    assert (len(texted), set(texted.values())) == (people, {1})


def succeeded(run: Run, *names: str) -> None:
    for name in names:
        assert run.jobs[name].result == "success", run.jobs[name].log


def test_a_job_that_is_cancelled_and_run_again_sends_the_rest(hosted: HostedProject) -> None:
    write_hello(hosted)
    hosted.desk.write("sendspec.py", "raise SystemExit('a module of the checkout runs')\n")
    run = hosted.merged("Add hello")

    def cancelled(number: int, request: Request) -> Answer:
        if number == 3:
            hosted.service.cancel(signal.SIGINT)
            hosted.service.wait_until_printed("waiting for 1 answer")
        return Answer()

    hosted.server.decide = cancelled
    with hosted.real_processes():
        stopped = run.approve("send")
    assert (stopped.result, len(hosted.server.posts)) == ("failure", 3), stopped.log
    assert (hosted.status()["accepted"], hosted.status()["in_doubt"]) == (3, 0)
    assert "interrupted by SIGTERM" in stopped.summary
    hosted.server.decide = lambda number, request: Answer()
    assert run.again("send").result == "success", run.jobs["send"].log
    once(hosted)


def test_an_answer_that_a_cancelled_job_may_not_wait_for_is_looked_up(on_file: HostedProject) -> None:
    """After 7.5 s the service sends its second signal."""
    write_hello(on_file)
    run = on_file.merged("Add hello")

    def cancelled(number: int, request: Request) -> Answer:
        if number != 3:
            return Answer()
        on_file.service.cancel(signal.SIGINT)
        on_file.service.wait_until_printed("waiting for 1 answer")
        on_file.service.cancel(signal.SIGTERM)
        return Answer(hang=True, taken=True)

    on_file.server.decide = cancelled
    with on_file.real_processes():
        stopped = run.approve("send")
    assert (stopped.result, len(on_file.server.posts)) == ("failure", 3), stopped.log
    assert "1 in doubt" in stopped.summary
    on_file.server.released.set()
    assert run.again("send").result == "success", run.jobs["send"].log
    once(on_file)


def test_a_runner_that_dies_leaves_a_doubt_that_the_next_hour_settles(hosted: HostedProject) -> None:
    write_hello(hosted)
    run = hosted.merged("Add hello")

    def dies(number: int, request: Request) -> Answer:
        if number == 3:
            hosted.service.kill()
            return Answer(drop=True, taken=True)
        return Answer()

    hosted.server.decide = dies
    with hosted.real_processes():
        assert run.approve("send").result == "failure"
    hosted.server.decide = lambda number, request: Answer()
    hour = hosted.scheduled()
    succeeded(hour, "reconcile")
    [issue] = hosted.service.state.load()["issues"]
    assert (issue["title"], issue["state"]) == ("Messages: production", "OPEN")
    assert "hello" in issue["body"]
    assert len(hosted.server.posts) == 3
    assert run.again("send").result == "success", run.jobs["send"].log
    once(hosted)
    succeeded(hosted.scheduled(), "reconcile")
    [updated] = hosted.service.state.load()["issues"]
    assert updated["body"] != issue["body"]
    assert updated["state"] == "CLOSED"


@pytest.mark.parametrize("hours", all_but([1], [1, 2]))
def test_an_issue_is_open_while_something_needs_somebody(on_file: HostedProject, hours: int) -> None:
    """What a second hour without news does: nothing."""

    def issues() -> list[str]:
        succeeded(on_file.scheduled(), "reconcile")
        return [issue["state"] for issue in on_file.service.state.load()["issues"]]

    server, shown = on_file.server, on_file.server.listing
    assert issues() == []
    write_hello(on_file)
    for spec in (HELLO, BYE):
        server.listing = lambda request: server.page([])
        server.decide = lambda number, request: Answer(drop=True, taken=True)
        assert on_file.merged(f"Add {spec}").approve("send").result == "failure"
        for _ in range(hours):
            assert issues() == ["OPEN"]
        server.listing = shown
        for _ in range(hours):
            assert issues() == ["CLOSED"]
        on_file.desk.write(BYE, GOODBYE)
    said = [comment["body"] for comment in on_file.service.state.load()["comments"]["1"]]
    assert [text.partition(" ")[0] for text in said] == ["Nothing", "Something", "Nothing"]


@long  # tests/gitops/test_ways_of_ci.py has it without the workflows
def test_runs_that_are_approved_in_the_other_order_send_each_message_once(hosted: HostedProject) -> None:
    write_hello(hosted)
    older = hosted.merged("Add hello")
    hosted.desk.write(BYE, GOODBYE)
    newer = hosted.merged("Add bye")
    assert newer.jobs["plan"].outputs["send"] == str(2 * PEOPLE)
    assert newer.approve("send").result == "success", newer.jobs["send"].log
    assert older.approve("send").result == "success", older.jobs["send"].log
    assert set(hosted.desk.texted().values()) == {2}
    assert len(hosted.server.posts) == 2 * PEOPLE


@pytest.mark.parametrize(
    "hosted", all_but([ServerLedger], [FileLedger, ServerLedger]), ids=["file", "server"], indirect=True
)
def test_two_sends_of_one_plan_at_once_send_each_message_once(hosted: HostedProject) -> None:
    write_hello(hosted)
    first = hosted.merged("Add hello")
    second = hosted.dispatched(first.event.commit)
    arrived, released = threading.Event(), threading.Event()

    def decide(number: int, request: Request) -> Answer:
        arrived.set()
        assert released.wait(60)
        return Answer()

    hosted.server.decide = decide
    is_on_server = isinstance(hosted.ledger, ServerLedger)
    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(first.approve, "send")
        assert arrived.wait(60)
        other = pool.submit(second.approve, "send")
        if not is_on_server:
            assert other.result().result == "failure"
            assert "another" in other.result().log
        released.set()
        assert sending.result().result == "success", sending.result().log
        assert not is_on_server or other.result().result == "success", other.result().log
    if not is_on_server:
        assert second.again("send").result == "success"
    once(hosted)


@long  # as the one before
def test_a_run_that_is_never_approved_is_made_up_for_by_the_next(on_file: HostedProject) -> None:
    write_hello(on_file)
    dropped = on_file.merged("Add hello")
    assert set(dropped.waiting) == {"send"}
    on_file.desk.write("README.md", "Something else\n")
    run = on_file.merged("Something else")
    assert run.approve("send").result == "success"
    once(on_file)
    assert dropped.approve("send").result == "success"
    once(on_file)


@long  # tests/gitops/test_late_changes.py has it without the workflows
def test_somebody_added_after_the_approval_waits_for_the_next(on_file: HostedProject) -> None:
    """The plan is sent on the checkout of its own commit, so a later commit can't add to it."""
    write_hello(on_file)
    first = on_file.merged("Add hello")
    on_file.desk.write(TABLE, numbers(PEOPLE + 2))
    second = on_file.merged("Two more")
    assert first.approve("send").result == "success"
    once(on_file)
    assert second.approve("send").result == "success"
    once(on_file, PEOPLE + 2)


def test_a_plan_that_was_swapped_is_not_sent(on_file: HostedProject) -> None:
    """By one that has all that would be sent, and more, so that nothing but the digest tells them apart."""
    write_hello(on_file)
    run = on_file.merged("Add hello")
    on_file.desk.write(TABLE, numbers(PEOPLE + 2))
    other = on_file.merged("Two more")
    run.artifacts["sendspec-plan"] = other.artifacts["sendspec-plan"]
    assert run.approve("send").result == "failure"
    assert on_file.server.posts == []


def test_nothing_to_send_asks_nobody(on_file: HostedProject) -> None:
    on_file.desk.write(
        HELLO, SPEC.replace("{file: people.csv}", "{file: people.csv, where: \"{{ order_id == 'none' }}\"}")
    )
    on_file.desk.write(TABLE, numbers(PEOPLE))
    run = on_file.merged("Nobody")
    assert (run.jobs["plan"].outputs["send"], run.jobs["send"].result) == ("0", "skipped"), run.jobs["plan"].log


def test_a_plan_over_a_limit_is_red(on_file: HostedProject) -> None:
    write_hello(on_file)
    with (on_file.desk.project_dir.folder / HELLO).open("a") as file:
        file.write("limits: {messages: 2}\n")
    run = on_file.merged("Too many")
    assert (run.jobs["plan"].result, run.jobs["send"].result) == ("failure", "skipped")


@pytest.mark.parametrize("allowed", [False, True])
def test_a_public_repository_uploads_no_plan_unless_it_may(
    tmp_path: Path, server: CountingServer, allowed: bool
) -> None:
    hosted = HostedProject(tmp_path, server, FileLedger(tmp_path), is_private=False)
    write_hello(hosted)
    if allowed:
        hosted.desk.replace(
            ".github/workflows/messages.yml",
            ("artifact: sendspec-plan\n", "artifact: sendspec-plan\n          allow-public-plan: true\n"),
        )
    run = hosted.merged("Add hello")
    succeeded(run, "plan")
    assert ("sendspec-plan" in run.artifacts) is allowed
    assert ("::warning title=sendspec::the plan file is not uploaded" in run.jobs["plan"].log) is not allowed
    assert (run.approve("send").result == "success") is allowed
    assert len(server.posts) == (PEOPLE if allowed else 0)


def test_a_branch_may_not_use_an_environment(on_file: HostedProject) -> None:
    """Not even with a workflow that says so, as anybody who can push a branch could write it."""
    on_file.desk.git("checkout", "--quiet", "-b", "topic")
    write_hello(on_file)
    on_file.desk.replace(
        ".github/workflows/messages.yml", ("if: github.ref == 'refs/heads/main' && (", "if: (github.ref != '' && (")
    )
    on_file.desk.replace(".github/workflows/messages.yml", ("'workflow_dispatch')\n", "'workflow_dispatch'))\n"))
    on_file.desk.commit("A plan of mine")
    run = on_file.service.start(Event("push", on_file.push("topic"), "refs/heads/topic"))
    assert run.jobs["plan"].result == "failure"
    assert "may not use the environment" in run.jobs["plan"].log
