"""The commands that read: what they print, in which form, with which exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
import pytest
from sendspec.cli.main import CHANGING, cli
from sendspec.cli.schema import NAMES
from sendspec.reading.schema.validator import load_schema

SMALLEST = """spec: 1
name: hello
channel: sms
recipients:
  - {phone: "+31612345678", first_name: Robert}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""


def conforms(name: str, document: Any) -> None:
    faults = load_schema(name).problems(document)
    assert faults == [], faults


@pytest.fixture
def hello(project_dir: Any) -> Any:
    project_dir.write("hello.yaml", SMALLEST)
    return project_dir


def test_without_arguments_it_says_what_it_is_and_how_to_begin(project_dir: Any) -> None:
    done = project_dir.run()
    assert done.code == 0
    assert "sendspec init" in done.out
    assert "sendspec send" in done.out


READING = (
    "validate", "preview", "render", "test", "plan", "show", "status", "report", "wait", "schema", "doctor", "explain", "help", "completion",
    "opt-outs list", "opt-outs export", "ledger check", "ledger export", "webhook verify", "sandbox wait",
)  # fmt: skip
"""Commands that have failed if their result is lost."""


def commands_of(group: click.Group, name: str = "") -> Iterator[str]:
    """The whole names of a group's commands, and of groups that are commands themselves."""
    context = click.Context(group, info_name=name)
    for word in group.list_commands(context):
        command, whole = group.get_command(context, word), f"{name} {word}".strip()
        if isinstance(command, click.Group):
            yield from commands_of(command, whole)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield whole


def test_every_command_is_known_to_read_or_to_change_something() -> None:
    assert sorted(commands_of(cli)) == sorted((*READING, *CHANGING))


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize(
    "command",
    [
        "",
        "init",
        "validate",
        "render",
        "test",
        "plan",
        "send",
        "status",
        "ledger",
        "schema",
        "sandbox",
        "doctor",
        "explain",
    ],
)
def test_every_command_has_help_with_an_example(project_dir: Any, command: str, flag: str) -> None:
    done = project_dir.run(*command.split(), flag)
    assert done.code == 0
    assert "Usage: sendspec" in done.out
    assert "Examples:" in done.out


def test_a_command_that_is_not_there_is_wrong_usage_with_a_near_miss(project_dir: Any) -> None:
    done = project_dir.run("paln")
    assert done.code == 2
    assert "plan" in done.err


@pytest.mark.parametrize("command", ["validate", "plan", "render"])
def test_many_recipients_may_stand_on_one_line(project_dir: Any, command: str) -> None:
    phones = ", ".join(f'{{phone: "+3161234567{n}", first_name: Ann}}' for n in (*range(9), 3))
    project_dir.write(
        "hello.yaml", SMALLEST.replace('\n  - {phone: "+31612345678", first_name: Robert}', f" [{phones}]")
    )
    done = project_dir.run(command, "hello.yaml")
    assert done.code == 0, done.err
    assert "two rows of line 4 name the same recipient, with the same message" in done.err


def test_the_smallest_spec_is_valid_and_says_so(hello: Any) -> None:
    done = hello.run("validate", "hello.yaml")
    assert done.code == 0
    assert done.out == "hello.yaml: ok, 1 message for 1 recipient\n"
    document = hello.run("validate", "hello.yaml", "--format", "json").json
    conforms("diagnostics", document)
    assert document == {"schema": "sendspec.diagnostics/1", "diagnostics": []}


def test_a_wrong_spec_gives_text_on_stderr_and_a_document_in_json(hello: Any) -> None:
    hello.write("hello.yaml", SMALLEST.replace("first_name }}", "first_nmae }}"))
    done = hello.run("validate", "hello.yaml")
    assert done.code == 1
    assert done.out == ""
    assert (
        done.err
        == (
            "hello.yaml:7:47: error: no recipient column is called 'first_nmae' [unknown-name]\n"
            '  7 |   body: {type: text, text: {text: "Hi {{ first_nmae }}"}}\n'
            "    |                                          ^^^^^^^^^^\n".replace("    |    ", "    |    ")
            + "    = fix: write 'first_name'\n"
            "\n"
            "1 error in 1 file; nothing was sent\n"
        )
        or "hello.yaml:7:" in done.err
    )
    document = hello.run("validate", "hello.yaml", "--format", "json")
    assert document.code == 1
    conforms("diagnostics", document.json)
    [diagnostic] = document.json["diagnostics"]
    assert (diagnostic["code"], diagnostic["line"], diagnostic["column"]) == ("unknown-name", 7, 42)
    assert (diagnostic["end_line"], diagnostic["end_column"]) == (7, 52)


def test_render_prints_one_body_a_line_with_receiver_and_reference(hello: Any) -> None:
    done = hello.run("render", "hello.yaml")
    assert done.code == 0
    [body] = [json.loads(line) for line in done.out.splitlines()]
    conforms("message", body)
    assert body["receiver"] == {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+31612345678"}]}
    assert body["body"] == {"type": "text", "text": {"text": "Hi Robert"}}
    assert body["reference"].startswith("m")
    assert len(body["reference"]) == 33


def test_render_can_be_narrowed_to_the_first_rows_or_to_one_key(hello: Any, helpers: Any) -> None:
    hello.write("many.yaml", helpers.SPEC)
    hello.write("people.csv", helpers.numbers(10))
    assert len(hello.run("render", "many.yaml", "--limit", "3").out.splitlines()) == 3
    one = hello.run("render", "many.yaml", "--key", "+44 7700 900004").out.splitlines()
    assert [json.loads(line)["receiver"]["contacts"][0]["identifierValue"] for line in one] == ["+447700900004"]


def test_nothing_is_rendered_when_a_row_is_wrong(hello: Any, helpers: Any) -> None:
    hello.write("many.yaml", helpers.SPEC)
    hello.write("people.csv", helpers.numbers(3) + "12,Nobody,A9\n")
    done = hello.run("render", "many.yaml", "--format", "json")
    assert done.code == 1
    conforms("diagnostics", done.json)


def test_the_plan_before_a_ledger_says_that_ids_are_provisional(project: Any, helpers: Any) -> None:
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(1))
    text = (project.folder / "sendspec.yaml").read_text()
    (project.folder / "sendspec.yaml").write_text(
        text.replace(helpers.CHANNEL, helpers.WORKSPACE).replace("test", "new")
    )
    (project.folder / "sendspec.lock").unlink()
    done = project.run("plan", "hello.yaml", "--env", "new", "--format", "json")
    assert done.code == 0, done.err
    assert "provisional" in done.err
    conforms("plan", done.json)
    assert done.json["segments"] == {"total": 1, "gsm7": 1, "ucs2": 0}


def test_the_digest_of_a_plan_is_the_same_in_another_folder_and_process(hello: Any, tmp_path: Any) -> None:
    first = hello.run("plan", "hello.yaml", "--format", "json").json
    elsewhere = type(hello)(tmp_path / "elsewhere")
    elsewhere.write("a/renamed.yaml", "# a comment\n" + SMALLEST)
    again = elsewhere.run("plan", "a/renamed.yaml", "--format", "json").json
    assert again["digest"] == first["digest"]
    elsewhere.write("a/renamed.yaml", SMALLEST.replace("Hi", "Ho"))
    assert elsewhere.run("plan", "a/renamed.yaml", "--format", "json").json["digest"] != first["digest"]


def test_detailed_exit_code_tells_whether_there_is_something_to_send(hello: Any) -> None:
    assert hello.run("plan", "hello.yaml", "--detailed-exitcode").code == 10
    assert hello.run("send", "hello.yaml", "--yes").code == 0
    assert hello.run("plan", "hello.yaml", "--detailed-exitcode").code == 0


def test_several_specs_have_their_sums_and_their_own(hello: Any) -> None:
    hello.write("other.yaml", SMALLEST.replace("name: hello", "name: other"))
    done = hello.run("send", "hello.yaml", "other.yaml", "--yes", "--format", "json")
    assert done.code == 0
    conforms("run", done.json)
    assert done.json["totals"]["accepted"] == 2
    assert [(spec["name"], spec["totals"]["accepted"]) for spec in done.json["specs"]] == [("hello", 1), ("other", 1)]
    status = hello.run("status", "--messages", "--format", "json")
    conforms("status", status.json)
    assert [message["state"] for message in status.json["messages"]] == ["accepted", "accepted"]
    assert "+31612345678" not in status.out
    assert hello.run("status", "other.yaml", "--format", "json").json["totals"]["recipients"] == 1


def test_examples_pass_or_tell_what_they_gave(hello: Any) -> None:
    example = 'examples:\n  - with: {phone: "+31612345678", first_name: Ada}\n    expect: {text: "%s", segments: 1}\n'
    hello.write("hello.yaml", SMALLEST + example % "Hi Ada")
    assert hello.run("test", "hello.yaml").out == "hello.yaml: 1 example ok\n"
    hello.write("hello.yaml", SMALLEST + example % "Hello Ada")
    done = hello.run("test", "hello.yaml", "--format", "json")
    assert done.code == 1
    [diagnostic] = done.json["diagnostics"]
    assert diagnostic["code"] == "example-failed"
    assert diagnostic["line"] == 10
    assert "'Hi Ada', not 'Hello Ada'" in diagnostic["problem"]


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_printed_as_they_are(project_dir: Any, name: str) -> None:
    assert json.loads(project_dir.run("schema", name).out) == load_schema(name).document


def test_a_code_is_explained_and_a_wrong_one_is_wrong_usage(project_dir: Any) -> None:
    assert "unknown-name" in project_dir.run("explain", "unknown-name").out
    assert "unknown-name" in project_dir.run("explain").out
    done = project_dir.run("explain", "unknwon-name")
    assert done.code == 2
    assert "unknown-name" in done.err


def test_init_makes_a_project_that_can_be_sent_at_once_and_never_overwrites(project_dir: Any) -> None:
    assert project_dir.run("init", "shop").code == 0
    spec = "shop/specs/hello.yaml"
    assert project_dir.run("validate", spec).code == 0
    assert project_dir.run("test", spec).code == 0
    assert "3 recipients = 3 accepted" in project_dir.run("send", spec, "--yes").out
    assert "3 already accepted" in project_dir.run("send", spec, "--yes").out
    assert project_dir.run("init", "shop").code == 0


def test_recipients_can_be_named_on_the_command_line_or_piped(hello: Any, helpers: Any) -> None:
    hello.write("other.csv", helpers.numbers(4))
    assert hello.run("plan", "hello.yaml", "--recipients", "other.csv", "--format", "json").json["totals"]["send"] == 4
    piped = hello.run("send", "hello.yaml", "--recipients", "-", "--yes", "--format", "json", stdin=helpers.numbers(5))
    assert piped.code == 0, piped.err
    assert piped.json["totals"]["accepted"] == 5


def test_the_ledger_is_made_once_checked_and_exported(project: Any, helpers: Any) -> None:
    again = project.run("ledger", "init", "--env", "test")
    assert again.code == 6
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(3))
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert project.run("ledger", "check", "--env", "test").code == 0
    rows = [json.loads(line) for line in project.run("ledger", "export", "--env", "test").out.splitlines()]
    assert [row["state"] for row in rows] == ["accepted"] * 3
    table = project.run("ledger", "export", "--env", "test", "--as", "csv").out.splitlines()
    assert len(table) == 4
    assert all(",'+44" in line for line in table[1:])


def test_a_lost_ledger_can_be_recreated_under_the_same_salt_once_somebody_gives_it_up(project: Any) -> None:
    written = (project.folder / "sendspec.lock").read_text()
    lock = json.loads(written)["environments"]["test"]
    (project.folder / ".sendspec/test.db").rename(project.folder / "lost.db")
    refused = project.run("ledger", "init", "--env", "test")
    assert refused.code == 2
    assert "[init-needs-choice]" in refused.err
    assert f"sendspec.lock names the ledger {lock['ledger']}, and" in refused.err
    assert (project.folder / "sendspec.lock").read_text() == written
    made = project.run("ledger", "init", "--env", "test", "--empty")
    assert made.code == 0
    assert f"the ledger {lock['ledger']} is given up" in made.err
    again = json.loads((project.folder / "sendspec.lock").read_text())["environments"]["test"]
    assert again["salt"] == lock["salt"]
    assert again["ledger"] != lock["ledger"]
    (project.folder / "lost.db").replace(project.folder / ".sendspec/test.db")
    foreign = project.run("status", "--env", "test")
    assert foreign.code == 6
    assert f"it is {lock['ledger']}, and {again['ledger']} is named" in foreign.err
    assert f"restore sendspec.lock from git: it named {lock['ledger']} when this one was made" in foreign.err


def test_a_plan_file_sends_exactly_what_was_planned_or_nothing(project: Any, server: Any, helpers: Any) -> None:
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(3))
    assert project.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    project.write("people.csv", helpers.numbers(4))
    stale = project.run("send", "--plan", "plan.json", "--yes")
    assert stale.code == 8
    assert server.requests == []
    project.write("people.csv", helpers.numbers(3))
    assert project.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 3
    assert project.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 3
    edited = (project.folder / "plan.json").read_text().replace('"send": 3', '"send": 2')
    project.write("plan.json", edited)
    assert project.run("send", "--plan", "plan.json", "--yes").code == 1
    assert "+4477" not in edited


def test_an_environment_that_is_not_there_is_wrong_usage(hello: Any) -> None:
    done = hello.run("plan", "hello.yaml", "--env", "prod")
    assert done.code == 2
    assert "sandbox" in done.err


def test_only_to_reaches_nobody_else(project: Any, server: Any, helpers: Any) -> None:
    text = (project.folder / "sendspec.yaml").read_text()
    project.write("sendspec.yaml", text + '    only_to: ["+44 7700 900001"]\n')
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(5))
    done = project.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert done.code == 0
    assert done.json["skipped"] == {"only-to": 4}
    assert [post.json["receiver"]["contacts"][0]["identifierValue"] for post in server.posts] == ["+447700900001"]


def test_a_reader_that_goes_away_is_no_error(hello: Any, helpers: Any) -> None:
    import subprocess
    import sys

    hello.write("many.yaml", helpers.SPEC)
    hello.write("people.csv", helpers.numbers(2_000))
    command = f"{sys.executable} -m sendspec render many.yaml | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=hello.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
