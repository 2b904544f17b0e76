"""A send without a terminal: a value for each way it can end, and what its listener hears."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from project_dir import SECRET, SPEC, Answer, CountingServer, ProjectDir, numbers
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import ApprovalMissing, NotConfirmed, PlanStale
from sendspec.operations.listener import Preparation, Watch
from sendspec.operations.plan_file_reader import read_plan_file
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.send import send
from sendspec.operations.send_job import Job
from sendspec.operations.send_outcome import InputRejected, LimitsExceeded, RunEnded, SendRequest
from sendspec.operations.system import real_system
from sendspec.planning.plan import Plan
from sendspec.sending.ending import StoppedByApi
from sendspec.sending.reconciliation import Reconciled
from sendspec.sending.run import RunProgress


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.heard: list[str] = []
        self.prepared: list[Preparation] = []
        self.totals: list[tuple[str, int, float | None]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.heard.append(text)

    def detail(self, text: str) -> None:
        self.heard.append(text)

    def diagnostics(self, found: Sequence[Diagnostic]) -> None:
        self.heard += [each.code for each in found]

    def reconciled(self, outcome: Reconciled, environment: str) -> None:
        self.heard.append(f"{len(outcome.found)} found in {environment}")

    def alarms(self, outcome: Reconciled) -> None:
        self.heard += ["twice"] * len(outcome.twice)

    @contextmanager
    def preparing(self) -> Iterator[Watch]:
        yield self.prepared.append

    @contextmanager
    def progress(self, name: str, total: int, per_second: float | None) -> Iterator[Callable[[RunProgress], None]]:
        self.totals.append((name, total, per_second))
        yield lambda progress: None


@pytest.fixture
def context(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> ProjectContext:
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(5))
    monkeypatch.chdir(project.folder)
    found = open_context(["hello.yaml"], "test", Problems(), real_system("test", environ={"TEST_KEY": SECRET}))
    assert found is not None
    return found


HELLO = SendRequest(specs=["hello.yaml"])


def test_the_work_before_the_first_message_is_told_as_far_as_it_has_got(
    context: ProjectContext, server: CountingServer
) -> None:
    listener = Recorder()
    send(context, HELLO, listener)
    assert listener.prepared == [Preparation("hello", 5), Preparation("hello", 5, 5)]


def test_a_run_that_ends_gives_its_report_and_its_progress(context: ProjectContext, server: CountingServer) -> None:
    listener = Recorder()
    outcome = send(context, HELLO, listener)
    assert isinstance(outcome, RunEnded)
    assert (outcome.report.account.accepted, outcome.report.ending) == (5, "")
    assert (listener.heard, listener.totals) == ([], [("", 5, None)])
    assert listener.said == [f"connecting to {context.environment.api.authority}"]
    assert len(server.posts) == 5


def test_of_several_specs_each_is_named_while_it_is_sent(context: ProjectContext) -> None:
    for name in ("one", "two"):
        (context.root / f"{name}.yaml").write_text(SPEC.replace("name: hello", f"name: {name}"))
    listener = Recorder()
    for specs in (["one.yaml", "hello.yaml"], ["one.yaml", "two.yaml"]):  # all of the first was sent in the second run
        send(context, SendRequest(specs=specs), listener)
    assert listener.totals == [("one", 5, None), ("hello", 5, None), ("", 5, None)]


def test_rejected_rows_are_a_value(context: ProjectContext, server: CountingServer) -> None:
    Path("people.csv").write_text("phone,first_name,order_id\nnobody,P,A\n")
    outcome = send(context, HELLO, Recorder())
    assert isinstance(outcome, InputRejected)
    assert [each.path for each in outcome.diagnostics] == ["people.csv"]
    assert server.posts == []


def test_exceeded_limits_are_a_value_and_nobody_is_asked(context: ProjectContext, server: CountingServer) -> None:
    Path("hello.yaml").write_text(SPEC + "limits: {messages: 4}\n")

    def agree(jobs: Sequence[Job], plans: Sequence[Plan]) -> None:
        raise AssertionError("asked")

    outcome = send(context, HELLO, Recorder(), agree=agree)
    assert isinstance(outcome, LimitsExceeded)
    assert [each.code for each in outcome.diagnostics] == ["limit-messages"]
    assert outcome.report.account.not_sent == 5


def test_whoever_does_not_agree_stops_the_send_before_anything_is_written(
    context: ProjectContext, server: CountingServer, project: ProjectDir
) -> None:
    def refuse(jobs: Sequence[Job], plans: Sequence[Plan]) -> None:
        assert [plan.send for plan in plans] == [5]
        raise NotConfirmed("no", "say yes")

    with pytest.raises(NotConfirmed):
        send(context, HELLO, Recorder(), agree=refuse)
    assert server.requests == []
    assert project.run("status", "--env", "test", "--format", "json").json["specs"] == []


def test_a_plan_file_that_names_something_else_is_stale(
    context: ProjectContext, server: CountingServer, project: ProjectDir
) -> None:
    path = project.folder / "plan.json"
    done = project.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json")
    assert done.code == 0, done.err
    plan = read_plan_file(path)
    project.write("people.csv", (project.folder / "people.csv").read_text().replace("Person 1", "Somebody"))
    with pytest.raises(PlanStale, match="1 message has another text"):
        send(context, SendRequest(specs=["hello.yaml"], plan=plan), Recorder())
    assert server.posts == []


def test_doubts_are_looked_up_before_the_next_send_and_the_listener_hears_it(
    context: ProjectContext, server: CountingServer
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=True) if number == 2 else Answer()
    first = send(context, HELLO, Recorder())
    assert isinstance(first, RunEnded)
    assert (first.report.account.in_doubt, first.report.earlier_doubts) == (1, True)
    listener = Recorder()
    second = send(context, HELLO, listener)
    assert isinstance(second, RunEnded)
    assert (second.report.account.in_doubt, second.report.earlier_doubts) == (0, False)
    assert listener.heard == ["1 found in test"]


def test_an_api_that_refuses_us_is_an_ending_of_the_run(context: ProjectContext, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(401, b"{}")
    outcome = send(context, HELLO, Recorder())
    assert isinstance(outcome, RunEnded)
    assert [type(ending) for ending in outcome.report.endings] == [StoppedByApi]
    assert outcome.report.code == "api-refuses"
    assert outcome.report.account.not_sent == 5


def test_a_plan_that_expires_while_somebody_is_asked_is_stale(
    context: ProjectContext, server: CountingServer, project: ProjectDir
) -> None:
    assert project.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json", "--expires", "1h").code == 0
    plan = read_plan_file(project.folder / "plan.json")
    hours = [0.0]
    clock = replace(context.system.clock, wall=lambda: time.time() + 3600 * hours[0])
    later = replace(context, system=replace(context.system, clock=clock))

    def agree(jobs: Sequence[Job], plans: Sequence[Plan]) -> None:
        hours[0] = 2.0

    with pytest.raises(PlanStale, match="it expired on"):
        send(later, SendRequest(specs=["hello.yaml"], plan=plan), Recorder(), agree=agree)
    assert server.posts == []


def test_a_send_needs_approval_for_what_it_may_cost(
    context: ProjectContext, server: CountingServer, project: ProjectDir
) -> None:
    project.write("prices.csv", "country,segment,currency\nGB,0.2,EUR\n")
    text = (project.folder / "sendspec.yaml").read_text()
    approvals = "    approvals: {approvers: people, when: {over: {cost: EUR 1}}}\n"
    project.write("sendspec.yaml", "prices: prices.csv\n" + text.replace("  test:\n", f"  test:\n{approvals}"))
    system = real_system("test", environ={"TEST_KEY": SECRET})

    def opened() -> ProjectContext:
        found = open_context(["hello.yaml"], "test", Problems(), system)
        assert found is not None
        return found

    project.write("people.csv", numbers(6))  # 1.20 EUR
    with pytest.raises(ApprovalMissing, match="needs 1 approval"):
        send(opened(), HELLO, Recorder())
    project.write("people.csv", numbers(5))
    assert isinstance(send(opened(), HELLO, Recorder()), RunEnded)
    assert len(server.posts) == 5
    project.write("people.csv", numbers(6))  # 0.20 EUR more, but what the first five cost is not recorded
    with pytest.raises(ApprovalMissing):
        send(opened(), HELLO, Recorder())
    assert len(server.posts) == 5
