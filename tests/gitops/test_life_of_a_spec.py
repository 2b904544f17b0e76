"""A spec's life in git, step by step, and how many of its ten people each step reaches: `name` and `generation` decide.

The table is `LIFE`. Every step is a commit, run as a pipeline does: the plan is made by one job and sent by another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from git_pipeline import Pipeline, Sent
from git_project import Repository, codes
from long_rows import long
from project_dir import SPEC, numbers

PEOPLE = 10
HELLO, GREETING = "specs/hello.yaml", "specs/greeting.yaml"
RAISED = SPEC.replace("name: hello\n", "name: hello\ngeneration: 2\n")


def add(desk: Repository) -> None:
    desk.write(HELLO, SPEC)
    desk.write("specs/people.csv", numbers(PEOPLE))


def nothing(desk: Repository) -> None:
    """The same commit once more."""


def comment(desk: Repository) -> None:
    desk.replace(HELLO, ("spec: 1\n", "spec: 1  # the format\n"))


def rename(desk: Repository) -> None:
    desk.git("mv", HELLO, GREETING)


def fix_typo(desk: Repository) -> None:
    desk.replace(GREETING, ("is on its way", "has left"))


def revert(desk: Repository) -> None:
    desk.git("revert", "--no-commit", "HEAD")


def delete(desk: Repository) -> None:
    desk.git("rm", "--quiet", GREETING)


def raise_generation(desk: Repository) -> None:
    desk.replace(GREETING, ("name: hello\n", "name: hello\ngeneration: 2\n"))


def copy(desk: Repository) -> None:
    desk.git("revert", "--no-commit", "HEAD")  # generation 2 again
    desk.write("specs/copy.yaml", RAISED)


@dataclass(frozen=True, slots=True)
class Step:
    """`reaches` people get a message; `skipped` says why the others don't. `refused` is the code of what is wrong with the commit."""

    name: str
    change: Callable[[Repository], None]
    reaches: int
    skipped: dict[str, int] = field(default_factory=dict)
    refused: str | None = None


ACCEPTED = {"already-accepted": PEOPLE}
LIFE = (
    Step("add", add, PEOPLE),
    Step("run again", nothing, 0, ACCEPTED),
    Step("comment only", comment, 0, ACCEPTED),
    Step("file renamed", rename, 0, ACCEPTED),
    Step("typo fixed after sending", fix_typo, 0, {"drift": PEOPLE}),
    Step("revert of that", revert, 0, ACCEPTED),
    Step("delete", delete, 0),
    Step("revert of the delete", revert, 0, ACCEPTED),
    Step("generation 2", raise_generation, PEOPLE),
    Step("revert of generation 2", revert, 0, refused="generation-old"),
    Step("same name in two files", copy, 0, refused="name-repeated"),
)


def planned_and_sent(pipeline: Pipeline, step: Step) -> Sent | None:
    """The send of the commit's plan; None where there is none."""
    plan = pipeline.plan()
    if step.refused is not None:
        assert codes(plan.done) == [step.refused]
        assert not plan.file.exists()
        return None
    assert plan.document["totals"]["send"] == step.reaches
    return pipeline.send(plan)


def sent_at_once(pipeline: Pipeline, step: Step) -> Sent | None:
    sent = pipeline.send_all()
    if step.refused is None:
        return sent
    assert codes(sent.done) == [step.refused]
    return None


@pytest.mark.parametrize(
    ("pipeline", "first", "second"),
    [
        pytest.param("file", planned_and_sent, sent_at_once, id="file, by a plan", marks=long),
        pytest.param("server", sent_at_once, planned_and_sent, id="server, without a plan"),
        pytest.param("file", sent_at_once, planned_and_sent, id="file, without a plan", marks=long),
        pytest.param("server", planned_and_sent, sent_at_once, id="server, by a plan", marks=long),
    ],
    indirect=["pipeline"],
)
def test_each_step_reaches_as_many_people_as_the_table_says(
    pipeline: Pipeline,
    first: Callable[[Pipeline, Step], Sent | None],
    second: Callable[[Pipeline, Step], Sent | None],
) -> None:
    """Sent in one way, then in the other, which has nothing left to do."""
    for step in LIFE:
        step.change(pipeline.desk)
        pipeline.desk.commit(step.name)
        if step.change is delete:
            continue  # there is no spec to name
        before = len(pipeline.server.posts)
        sent = first(pipeline, step)
        if sent is not None:
            assert sent.done.code == 0, (step.name, sent.done)
            assert sent.done.json["skipped"] == step.skipped, step.name
            assert sent.done.json["totals"]["accepted"] == step.reaches, step.name
        done = second(pipeline, Step(step.name, nothing, 0, refused=step.refused))
        assert done is None or done.told == (0, 0), step.name
        assert len(pipeline.server.posts) - before == step.reaches, step.name
    assert set(pipeline.desk.texted().values()) == {2}
    assert len(pipeline.desk.texted()) == PEOPLE
