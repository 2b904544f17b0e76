"""A plan that was written to a file: exactly that is sent, from wherever the command is run, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
PEOPLE = "phone,first_name\n+447700900001,Ann\n+447700900002,Ben\n"


@pytest.fixture
def planned(project: Any) -> Any:
    project.write("specs/hello.yaml", SPEC)
    project.write("specs/people.csv", PEOPLE)
    done = project.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json")
    assert done.code == 0, done.err
    return project


def test_exactly_the_plan_is_sent_and_a_second_time_it_is_stale(planned: Any, server: Any) -> None:
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["totals"]["accepted"]) == (0, 2)
    again = planned.run("send", "--plan", "plan.json", "--yes")
    assert again.code == 8
    assert "[plan-stale]" in again.err
    assert len(server.posts) == 2


def test_its_specs_are_found_from_any_folder_of_the_project_and_from_outside(planned: Any, server: Any) -> None:
    inside = type(planned)(planned.folder / "specs")
    outside = type(planned)(planned.folder.parent)
    for project_dir, plan in ((inside, "../plan.json"), (outside, str(planned.folder / "plan.json"))):
        project_dir.environ = planned.environ
        done = project_dir.run("send", "--plan", plan)
        assert done.code == 2, done.err  # found and unchanged, so it gets as far as asking
        assert "2 messages would be sent" in done.err
    assert server.posts == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("specs/people.csv", PEOPLE + "+447700900003,Cy\n"),
        ("specs/hello.yaml", SPEC.replace("Hi", "Dear")),
        ("specs/hello.yaml", SPEC.replace("channel: sms", "generation: 2\nchannel: sms")),
    ],
)
def test_anything_that_changes_what_is_sent_makes_it_stale(planned: Any, server: Any, file: str, text: str) -> None:
    planned.write(file, text)
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert done.code == 8
    assert "nothing was sent" in done.err
    assert server.posts == []


def test_a_comment_changes_nothing(planned: Any, server: Any) -> None:
    planned.write("specs/hello.yaml", "# a note\n" + SPEC)
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace('"send": 2', '"send": 3', 1), "the plan was changed after it was written"),
        (lambda text: text[: len(text) // 2], "the file is no plan, or only a part of one"),
        (lambda text: "[]", "the file is no plan, or only a part of one"),
    ],
)
def test_a_plan_that_was_edited_or_cut_is_no_plan(planned: Any, server: Any, change: Any, problem: str) -> None:
    path = planned.folder / "plan.json"
    path.write_text(change(path.read_text()))
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert done.code == 1
    assert [(d["code"], d["path"], d["problem"]) for d in done.json["diagnostics"]] == [
        ("plan-unreadable", "plan.json", problem)
    ]
    assert server.posts == []


def test_a_plan_against_another_ledger_is_stale(planned: Any, server: Any) -> None:
    (planned.folder / ".sendspec" / "test.db").unlink()
    made = planned.run("ledger", "init", "--env", "test")
    assert made.code == 0, made.err
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert done.code == 8
    assert "another ledger" in done.err
    assert server.posts == []


def test_the_file_holds_no_number_and_no_text(planned: Any) -> None:
    written = (planned.folder / "plan.json").read_text()
    assert "447700900" not in written
    assert "Ann" not in written
    assert json.loads(written)["paths"] == ["specs/hello.yaml"]


def test_a_plan_of_another_environment_than_the_one_that_is_named_is_stale(planned: Any, server: Any) -> None:
    done = planned.run("send", "--plan", "plan.json", "--env", "sandbox", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (8, "plan-stale")
    assert "was made for the environment 'test'" in done.err
    assert server.posts == []
    assert planned.run("send", "--plan", "plan.json", "--env", "test", "--yes").code == 0
