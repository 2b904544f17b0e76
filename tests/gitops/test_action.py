"""What `action.yml` does with its inputs, each command in turn; whatever an input holds, it stays a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from actions_document import Workflow, read_workflow
from actions_job import write_program
from actions_service import Event, Run
from hosted_project import FileLedger, HostedProject, dumped, workflow_with
from long_rows import all_but
from project_dir import SPEC, Answer, CountingServer, numbers
from ruamel.yaml import YAML

PEOPLE = 3


@pytest.fixture
def hosted(tmp_path: Path, server: CountingServer) -> HostedProject:
    project = HostedProject(tmp_path, server, FileLedger(tmp_path))
    project.desk.write("specs/hello.yaml", SPEC)
    project.desk.write("specs/people.csv", numbers(PEOPLE))
    return project


def test_validate_annotates_a_mistake_in_its_line(hosted: HostedProject) -> None:
    assert hosted.acted(command="validate").result == "success"
    hosted.desk.replace("specs/hello.yaml", ("first_name", "frist_name"))
    done = hosted.acted(command="validate")
    assert done.result == "failure"
    assert "::error file=specs/hello.yaml,line=6," in done.log


def test_test_runs_the_examples(hosted: HostedProject) -> None:
    row = "{phone: '+447700900001', first_name: Ada, order_id: A1}"
    for text, result in (("Hi Ada, order A1 is on its way.", "success"), ("Bye", "failure")):
        hosted.desk.write("specs/hello.yaml", f"{SPEC}examples:\n  - with: {row}\n    expect: {{text: '{text}'}}\n")
        assert hosted.acted(command="test").result == result


def test_send_and_reconcile_use_the_environment(hosted: HostedProject, server: CountingServer) -> None:
    done = hosted.acted(command="send", environment="production")
    assert (done.result, len(server.posts)) == ("success", PEOPLE), done.log
    assert hosted.acted(command="reconcile", environment="production").result == "success"


def test_waiting_is_red_until_it_is_known_that_enough_was_delivered(hosted: HostedProject) -> None:
    hosted.desk.write("specs/hello.yaml", f"{SPEC}delivery: {{within: 1s}}\n")
    assert hosted.acted(command="send", environment="production").result == "success"
    done = hosted.acted(command="wait", environment="production")
    assert (done.result, "undecided: 3 of 3 not final yet" in done.log) == ("failure", True), done.log


def test_a_doubt_makes_a_send_red_and_reconciling_a_warning(hosted: HostedProject, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 2 else Answer()
    assert hosted.acted(command="send", environment="production").result == "failure"
    done = hosted.acted(command="reconcile", environment="production")
    assert done.result == "success", done.log
    assert "::warning title=sendspec::some messages are still in doubt" in done.log


CANCELLED = """#!/bin/bash
# Stands for sendspec: its run is cancelled as soon as it works, by a signal to the shell of the step alone.
[[ "$1" != status ]] || { echo "what became of it"; exit 0; }
trap 'echo stopped; exit 143' TERM
kill -INT "$PPID"
for _ in {1..200}; do sleep 0.05; done
echo went on
"""


@pytest.mark.parametrize("command", ["send", "wait", "reconcile"])
def test_a_cancelled_command_is_stopped_and_its_exit_code_kept(hosted: HostedProject, command: str) -> None:
    write_program(hosted.service.tools / "sendspec-of-the-tests", CANCELLED)
    done = hosted.acted(command=command, environment="production")
    assert done.result == "failure"
    assert "stopped" in done.log
    assert "went on" not in done.log
    assert ("what became of it" in done.summary) is (command == "send")


HOSTILE = (
    ({"command": "purge"}, "command is one of"),
    ({"command": "plan; touch pwned"}, "command is one of"),
    ({"command": "validate", "untrusted": "yes"}, "untrusted: true"),
    ({"command": "validate", "specs": "specs/*.yml"}, "no file matches"),
    ({"command": "validate", "specs": "$(touch pwned)"}, "$(touch pwned)"),
    ({"command": "validate", "specs": "`touch pwned`\n; touch pwned"}, "touch pwned"),
    ({"command": "validate", "specs": "--rejects=pwned\nspecs/hello.yaml"}, "--rejects=pwned"),
    ({"command": "validate", "environment": "x --rejects pwned"}, "x --rejects pwned"),
    ({"command": "send", "digest": "v1:00"}, "name the file in plan"),
    ({"command": "send", "plan": "--dry-run"}, "--dry-run"),
)


@pytest.mark.parametrize("rows", all_but([(HOSTILE[1::3],)], [(HOSTILE[1::3],), (HOSTILE,)]), ids=["some", "all"])
def test_an_input_is_a_value_whatever_it_holds(
    hosted: HostedProject, server: CountingServer, rows: tuple[tuple[dict[str, str], str], ...]
) -> None:
    for inputs, said in rows:
        done = hosted.acted(**inputs)
        assert done.result == "failure", done.log
        assert said in done.log, inputs
    assert list(hosted.service.folder.rglob("pwned")) == []
    assert server.posts == []


def test_names_with_spaces_and_patterns_are_one_a_line(hosted: HostedProject) -> None:
    wrong = SPEC.replace("first_name", "frist_name")
    hosted.desk.write("specs/hello.yaml", wrong)
    hosted.desk.write("more/a name.yaml", wrong.replace("hello", "spaced").replace("people", "../specs/people"))
    hosted.desk.write("more/a/b/one.yaml", wrong.replace("hello", "one").replace("people", "../../../specs/people"))
    done = hosted.acted(command="validate", specs="  specs/*.yaml\r\n\nmore/a name.yaml \n more/**/one.yaml\n")
    assert done.result == "failure"
    for path in ("specs/hello.yaml", "more/a name.yaml", "more/a/b/one.yaml"):
        assert f"::error file={path},line=6" in done.log


def test_a_folder_below_the_top_is_named_by_working_directory(hosted: HostedProject) -> None:
    hosted.desk.write("below/specs/hello.yaml", SPEC.replace("first_name", "frist_name"))
    hosted.desk.write("below/specs/people.csv", numbers(PEOPLE))
    done = hosted.acted(command="validate", working_directory="below")
    assert "::error file=below/specs/hello.yaml,line=6" in done.log


def test_it_installs_its_own_commit_and_the_rest_by_hash(hosted: HostedProject) -> None:
    assert hosted.acted(command="validate").result == "success"
    [log] = hosted.service.folder.rglob("pip.log")
    libraries, itself = log.read_text().splitlines()
    assert "--require-hashes --only-binary :all: --requirement" in libraries
    assert libraries.endswith("/requirements-action.txt")
    assert "--no-index --no-deps --no-build-isolation" in itself


def started(hosted: HostedProject, workflow: Workflow) -> Run:
    run = Run(hosted.service, Event("push", hosted.push(), "refs/heads/main"), workflow)
    run.go()
    return run


def test_an_earlier_steps_installation_is_used_again(hosted: HostedProject) -> None:
    document = YAML(typ="safe").load(workflow_with({"command": "validate"}))
    job = document["jobs"]["only"]
    job["steps"].append({**job["steps"][1], "id": "again"})
    hosted.desk.commit("Specs")
    assert started(hosted, read_workflow(dumped(document))).jobs["only"].result == "success"
    [log] = hosted.service.folder.rglob("pip.log")
    assert len(log.read_text().splitlines()) == 2
