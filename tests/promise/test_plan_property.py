"""The law of plan files, over generated histories: plans, edits, faults, kills, other runs and what people decide.

A send of a plan sends what the model says, which is never a message that the plan doesn't name; nobody gets two; and once the faults
are over, one more send of a plan that isn't stale finishes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from long_rows import all_but
from plan_steps import FILES, PEOPLE, Change, Edit, Expire, Fault, MakePlan, Resolve, Send, Step, Suppress
from plan_trials import PlanTrial, prepare
from project_dir import CountingServer, ProjectDir, sending_project


def weighted(*choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.sampled_from([choice for weight, choice in choices for _ in range(weight)]).flatmap(lambda choice: choice)


DAMAGES = weighted(
    (3, st.just("stop")),
    (3, st.just("refuse")),
    (1, st.sampled_from(["lost", "taken"])),
    (1, st.sampled_from(["kill, lost", "kill, taken"])),
)
FAULT = st.builds(Fault, DAMAGES, st.integers(1, 3))
FAULTS = weighted((1, st.none()), (1, FAULT))
CHANGES = weighted((3, st.sampled_from(["person", "word", "text"])), (1, st.sampled_from(get_args(Change))))
STEPS: st.SearchStrategy[Step] = weighted(
    (8, st.builds(Send, st.sampled_from(FILES), FAULTS)),
    (2, st.builds(Send, st.none(), FAULTS)),
    (6, st.builds(Edit, CHANGES, st.sampled_from(PEOPLE))),
    (4, st.builds(MakePlan, st.sampled_from(FILES), st.booleans())),
    (1, st.builds(Suppress, st.sampled_from(PEOPLE[:2]))),
    (2, st.builds(Resolve, st.sampled_from(["not-sent", "not-sent", "skipped", "accepted"]))),
    (1, st.builds(Expire, st.sampled_from(FILES))),
)


SEND = (Send(FILES[0]),)


@pytest.fixture(scope="module")
def counting() -> Iterator[CountingServer]:
    server = CountingServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, counting: CountingServer) -> ProjectDir:
    project = sending_project(ProjectDir(tmp_path_factory.mktemp("template")), counting)
    prepare(project)
    return project


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("trials")
    return (folder / str(number) for number in count())


HISTORIES: list[dict[str, Any]] = [
    {  # in doubt when it was planned, freed later: not in the plan
        "first": Fault("lost", 1),
        "steps": [MakePlan(FILES[0], retry=False), Resolve("not-sent"), *SEND],
    },
    {  # the same beside somebody who is sent to; an earlier plan has both
        "first": Fault("lost", 2),
        "steps": [Edit("person", "A3"), MakePlan(FILES[1], retry=False), Resolve("not-sent"), Send(FILES[1]), *SEND],
    },
    {  # cut short, then changed: on hold; then as it was
        "first": Fault("stop", 2),
        "steps": [Edit("text", "A0"), *SEND, Edit("text", "A0"), *SEND],
    },
    {  # a plan that retries does so once, and goes on where it was cut
        "first": Fault("refuse", 1),
        "steps": [
            MakePlan(FILES[1], retry=True), Send(FILES[1], Fault("stop", 2)), Send(FILES[1], Fault("refuse", 1)), Send(FILES[1]), *SEND,
        ],
    },
    {  # nor when it has to leave out somebody else as well, whom another run had planned
        "first": Fault("refuse", 1),
        "steps": [
            Edit("person", "A3"), MakePlan(FILES[1], retry=True), Send(None, Fault("stop", 1)), Send(FILES[1], Fault("refuse", 1)),
            Send(FILES[1]),
        ],
    },
    {  # whom the plan left out can't come in through it
        "first": Fault("stop", 1),
        "steps": [Suppress("A0"), MakePlan(FILES[1], retry=False), Suppress("A0"), Send(FILES[1]), *SEND],
    },
    {"first": Fault("stop", 2), "steps": [Expire(FILES[0]), *SEND, Send(None), *SEND]},
    {
        "first": Fault("stop", 1),
        "steps": [Edit("reference", "A0"), *SEND, Edit("limit", "A0"), Edit("reference", "A0"), *SEND],
    },
    {"first": Fault("kill, taken", 2), "steps": [Edit("text", "A0"), *SEND, Edit("text", "A0"), *SEND]},
]  # fmt: skip
"""Histories that broke it once."""
FEW = HISTORIES[::4]


@pytest.mark.parametrize(
    ("examples", "histories"), all_but([(1, FEW)], [(1, FEW), (50, HISTORIES)]), ids=["few", "all"]
)
def test_a_plan_sends_what_it_names_and_nothing_else_whatever_happens(
    template: ProjectDir, folders: Iterator[Path], counting: CountingServer, examples: int, histories: list[dict[str, Any]]
) -> None:  # fmt: skip
    """Beside the histories that are written down here, each run tries so many others."""

    def holds(first: Fault, steps: list[Step]) -> None:
        trial = PlanTrial(template, next(folders), counting)
        for step in (MakePlan(FILES[0], retry=False), Send(FILES[0], first), *steps):
            trial.take(step)
        trial.finish()

    law = given(first=FAULT, steps=st.lists(STEPS, min_size=1, max_size=5))(holds)
    for history in histories:
        law = example(**history)(law)
    settings(max_examples=examples)(law)()
