"""`approvals:` of an environment: what it becomes, what is refused, and which sends need approval."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.approvals import Always, Approvals, NewShape, Over, When, needs_approval
from sendspec.reading.limits import amount_of
from sendspec.reading.project_reader import read_project

UUID = "123e4567-e89b-12d3-a456-426614174000"
PROJECT = f"""environments:
  live:
    access_key: {{env: LIVE_KEY}}
    ledger: {{file: .sendspec/live.db}}
    channels:
      sms: {{workspace: {UUID}, channel: {UUID}}}
"""


def read(root: Path, written: str) -> tuple[Approvals | None, list[Diagnostic]]:
    path = root / "sendspec.yaml"
    path.write_text(f"{PROJECT}{written}", encoding="utf-8")
    problems = Problems()
    project = read_project(str(path), root, problems)
    environment = None if project is None else project.environment("live")
    return None if environment is None else environment.approvals, list(problems)


def test_without_approvals_there_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "") == (None, [])


def test_the_sandbox_needs_no_approval(tmp_path: Path) -> None:
    path = tmp_path / "sendspec.yaml"
    path.write_text(f"{PROJECT}    approvals: {{approvers: people}}\n", encoding="utf-8")
    project = read_project(str(path), tmp_path, Problems())
    assert project is not None
    sandbox = project.environment("sandbox")
    assert sandbox is not None
    assert sandbox.approvals is None


@pytest.mark.parametrize(
    ("written", "approvals"),
    [
        ("{approvers: keys/people}", Approvals(approvers="keys/people", need=1, when=Always(), revoked=None)),
        ("{approvers: p, need: 3, revoked: r}", Approvals(approvers="p", need=3, revoked="r")),
        ("{approvers: p, when: always}", Approvals(approvers="p")),
        ("{approvers: p, when: new-shape}", Approvals(approvers="p", when=NewShape())),
        ("{approvers: p, when: {over: {messages: 100}}}", Approvals(approvers="p", when=Over(messages=100))),
        (
            "{approvers: p, when: {over: {messages: 0, cost: 2.5}}}",
            Approvals(approvers="p", when=Over(messages=0, cost=amount_of(2.5))),
        ),
    ],
)
def test_each_key_becomes_a_value(tmp_path: Path, written: str, approvals: Approvals) -> None:
    assert read(tmp_path, f"    approvals: {written}\n") == (approvals, [])


@pytest.mark.parametrize(
    ("written", "code", "column"),
    [
        ("{need: 2}", "missing-key", 5),
        ("{approvers: p, need: 0}", "out-of-range", 37),
        ("{approvers: p, need: two}", "wrong-type", 37),
        ("{approvers: p, when: never}", "wrong-value", 37),
        ("{approvers: p, when: {over: {}}}", "too-few", 44),
        ("{approvers: p, when: {over: {messages: -1}}}", "out-of-range", 55),
        ("{approvers: p, when: {}}", "missing-key", 31),
        ("{approvers: p, approver: q}", "unknown-key", 31),
        ("{approvers: ''}", "too-short", 28),
        ("{approvers: ../p}", "outside-project", 28),
        ("{approvers: /etc/passwd}", "outside-project", 28),
        ("{approvers: .git/p}", "outside-project", 28),
        ("{approvers: p, revoked: ../r}", "outside-project", 40),
    ],
)
def test_what_is_wrong_is_reported_at_its_place(tmp_path: Path, written: str, code: str, column: int) -> None:
    approvals, problems = read(tmp_path, f"    approvals: {written}\n")
    assert approvals is None
    assert [(it.code, it.span.start.line, it.span.start.column) for it in problems] == [(code, 7, column)]
    assert problems[0].fix[0].islower()


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "elsewhere").write_text("")
    (project / "people").symlink_to(tmp_path / "elsewhere")
    _, problems = read(project, "    approvals: {approvers: people}\n")
    assert [problem.code for problem in problems] == ["outside-project"]


@pytest.mark.parametrize(
    ("when", "messages", "needed"),
    [
        (Always(), 1, True),
        (Always(), 0, False),
        (Over(messages=10), 10, False),
        (Over(messages=10), 11, True),
        (Over(messages=0), 0, False),
        (Over(cost=amount_of("EUR 1000000")), 1, True),
        (Over(messages=10, cost=amount_of(1_000_000)), 1, True),
        (Over(cost=amount_of(0)), 0, False),
        (NewShape(), 1, True),
        (NewShape(), 0, False),
    ],
)
def test_a_send_needs_approval_as_it_says(when: When, messages: int, needed: bool) -> None:
    assert needs_approval(Approvals(approvers="p", when=when), messages) is needed


@pytest.mark.parametrize("when", [Always(), Over(messages=0), Over(cost=amount_of("EUR 1"))])
def test_only_where_new_shapes_matter_it_helps_that_there_are_none(when: When) -> None:
    assert needs_approval(Approvals(approvers="p", when=when), 1, has_new_shape=False)
    assert not needs_approval(Approvals(approvers="p", when=NewShape()), 1, has_new_shape=False)


def test_a_send_whose_cost_is_known_needs_approval_above_the_amount() -> None:
    approvals = Approvals(approvers="p", when=Over(messages=10, cost=amount_of("EUR 5")))
    for cost, messages, needed in ((5, 10, False), (6, 10, True), (5, 11, True), (6, 0, False)):
        assert needs_approval(approvals, messages, lambda amount, cost=cost: cost > amount.amount) is needed  # type: ignore[misc]
