"""Names and texts that act on a terminal or on what reads a CI log: wherever they stand, they are shown, and do nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from long_rows import all_but
from project_dir import CHANNEL, SPEC, WORKSPACE, Answer, CountingServer, Done, ProjectDir

ACTS = "x\x1b]0;owned\x07\x1b[1;31mred\r\n::error::owned\x9b2J\x85\u2028\u202e\u2066\u200b##[error]owned##vso[x]"
"""A title, a colour, a line of its own that is a command of CI, C1 controls, separators, bidi, and commands within a line."""
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
INK = re.compile(r"\x1b\[(?:0|1|2|32|36|1;31|1;33)m")
COMMANDS = ("validate", "plan", "test", "render", "send", "doctor", "status", "resolve")


def yaml_text(text: str) -> str:
    """A YAML scalar with every acting character written as an escape, as no file may hold them raw."""
    return json.dumps(text)


def in_name(text: str) -> str:
    """A text that can be a file's name."""
    return text.replace("/", "_")


def acting_in(done: Done, *, coloured: bool = False) -> list[str]:
    """What acts in what a command wrote."""
    found = []
    for shown in (done.out, done.err):
        plain = INK.sub("", shown) if coloured else shown
        found += [repr(c) for c in plain if c != "\n" and unicodedata.category(c) in ACTING]
        found += ["a colour"] if "\x1b[1;31mred" in shown else []
        lines = [line.strip() for line in plain.split("\n")]
        found += [line for line in lines if line.startswith(("::", "\\u003a:")) or "##[" in line or "##vso[" in line]
    return found


def arguments(command: str, spec: str) -> list[str]:
    more = {
        "send": ["--yes"], "resolve": ["--as", "skipped", "--reason", "r"], "doctor": [], "validate": ["--env", "test"],
    }.get(command, [])  # fmt: skip
    words = [command, *([] if command == "doctor" else [spec]), *more]
    return words if "--env" in words or command == "test" else [*words, "--env", "test"]


def run_all(project_dir: ProjectDir, spec: str = "hello.yaml", env: str | None = None) -> None:
    """Every command; two of them also in colour and as JSON. Something of each has to be written."""
    for command in COMMANDS:
        words = arguments(command, spec)
        if env is not None and "--env" in words:
            words[words.index("--env") + 1] = env
        for colour in ("never", "always") if command in ("plan", "send") else ("never",):
            done = project_dir.run(*words, "--color", colour)
            assert done.out + done.err, words
            assert done.code != 70, done.err
            assert acting_in(done, coloured=colour == "always") == [], words
    for command in ("plan", "render"):
        done = project_dir.run(*arguments(command, spec), "--format", "json")
        assert done.code != 70, done.err
        for document in done.out.splitlines() if done.out.startswith('{"') else filter(None, [done.out]):
            json.loads(document)
        assert acting_in(Done(done.code, "", done.err)) == [], words


def spec_with(**replaced: str) -> str:
    """The spec with whole lines replaced, by their key."""
    lines = SPEC.splitlines()
    for key, value in replaced.items():
        lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in lines]
        if not any(line.startswith(f"{key}:") for line in lines):
            lines.append(f"{key}: {value}")
    return "\n".join(lines) + "\n"


A = yaml_text(ACTS)
TEXT = 'message: {{body: {{type: text, text: {{text: "{}"}}}}}}'


def body(text: str) -> str:
    return f"{{body: {{type: text, text: {{text: {yaml_text(text)}}}}}}}"


def spec_of(message: str, *more: str) -> str:
    head = "spec: 1\nname: hello\nchannel: sms\nrecipients: {file: people.csv}\n"
    return head + f"message: {message}\n" + "".join(line + "\n" for line in more)


SPECS: dict[str, str] = {
    "a spec's name": spec_with(name=A),
    "a channel": spec_with(channel=A),
    "a table": spec_with(recipients=f"{{file: {yaml_text(in_name(ACTS) + '.csv')}}}"),
    "a table of no kind": spec_with(recipients=f"{{file: {yaml_text('people.' + in_name(ACTS))}}}"),
    "a country": spec_with(recipients=f"{{file: people.csv, country: {A}}}"),
    "a former name": spec_with(moved_from=A),
    "a text digest": spec_with(continue_with=A),
    "an unknown key": spec_of(body("Hi"), f"{A}: 1"),
    "a key of the message": spec_of(f"{{body: {{type: text, text: {{text: Hi}}}}, {A}: 1}}"),
    "a body's type": spec_of(f"{{body: {{type: {A}}}}}"),
    "a constant": spec_of(body("Hi"), f"vars: {{{A}: 1}}"),
    "a constant's value": spec_of(body("Hi {{ v }}"), f"vars: {{v: {A}}}"),
    "a literal text": spec_of(body("Hi " + ACTS)),
    "an unknown name": spec_of(body("Hi {{ row[" + yaml_text(ACTS) + "] }}")),
    "a placeholder": spec_of(body("Hi {a\u202eb} {{ first_namé\u202e }}")),
    "a template": spec_of(body("Hi {{ " + ACTS + " }}")),
    "a filter": spec_of(body("Hi {{ first_name | replace(" + yaml_text(ACTS) + ", 1, 2, 3) }}")),
    "a tag": spec_of(f"{{body: {{type: text, text: {{text: Hi}}}}, tags: [{A}]}}"),
    "a reference": spec_of(f"{{body: {{type: text, text: {{text: Hi}}}}, reference: {A}}}"),
    "a receiver": spec_of(f"{{body: {{type: text, text: {{text: Hi}}}}, receiver: {{contacts: [{{identifierValue: {A}}}]}}}}"),
    "a media's address": spec_of(f"{{body: {{type: image, image: {{images: [{{mediaUrl: {A}}}]}}}}}}"),
    "a suppress file": spec_of(body("Hi"), f"suppress: [{yaml_text(in_name(ACTS))}]"),
    "an example": spec_of(
        body("Hi {{ first_name }}"),
        f"examples: [{{with: {{phone: '+447700900001', first_name: {A}}}, expect: {{text: {yaml_text(ACTS + '!')}}}}}]",
    ),
    "an example's column": spec_of(body("Hi"), f"examples: [{{with: {{phone: '+447700900001', {A}: 1}}, expect: {{{A}: 1}}}}]"),
    "an address": spec_with(recipients=f"{{list: [{{phone: {A}, first_name: A, order_id: 1}}]}}"),
    "a limit": spec_of(body("Hi"), f"limits: {{messages: {A}}}"),
}  # fmt: skip


FEW_SPECS = (
    "a spec's name",
    "a table",
    "an unknown key",
    "a literal text",
    "an unknown name",
    "a media's address",
    "an example",
)


@pytest.mark.parametrize("where", all_but(FEW_SPECS, SPECS))
def test_what_a_spec_says_is_shown_and_does_nothing(ready: ProjectDir, where: str) -> None:
    ready.write("hello.yaml", SPECS[where])
    run_all(ready)


PROJECTS: dict[str, Callable[[str], str]] = {
    "an environment": lambda text: text.replace("  test:\n", f"  {A}: {{}}\n  test:\n"),
    "a channel": lambda text: text.replace("      sms:", f"      {A}: 7\n      sms:"),
    "another channel": lambda text: text.replace(
        "      sms:", f"      {A}: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms}}\n      sms:"
    ),
    "a workspace": lambda text: text.replace(WORKSPACE, A),
    "a platform": lambda text: text.replace("platform: sms", f"platform: {A}"),
    "an API": lambda text: re.sub(r"api_url: \S+", lambda _: f"api_url: {A}", text),
    "an API's path": lambda text: re.sub(
        r"api_url: \S+", lambda _: f"api_url: {yaml_text('https://example.com/' + ACTS)}", text
    ),
    "a key's variable": lambda text: text.replace("TEST_KEY", A),
    "a key's file": lambda text: text.replace("{env: TEST_KEY}", f"{{file: {A}}}"),
    "a key's command": lambda text: text.replace("{env: TEST_KEY}", f"{{command: [{A}]}}"),
    "a ledger": lambda text: text.replace(".sendspec/test.db", f'".sendspec/{A[1:]}'),
    "a ledger elsewhere": lambda text: text.replace(".sendspec/test.db", f'"/nowhere/{A[1:]}'),
    "the default": lambda text: f"default_environment: {A}\n{text}",
    "an unknown key": lambda text: f"{A}: 1\n{text}",
    "only to": lambda text: text.replace("    ledger:", f"    only_to: [{A}]\n    ledger:"),
    "a suppress file": lambda text: text.replace("    ledger:", f"    suppress: [{A}]\n    ledger:"),
}


@pytest.mark.parametrize("where", all_but(["an environment", "a platform", "an API", "a ledger"], PROJECTS))
def test_what_a_project_file_says_is_shown_and_does_nothing(ready: ProjectDir, where: str) -> None:
    path = ready.folder / "sendspec.yaml"
    before = path.read_text()
    path.write_text(PROJECTS[where](before))
    assert path.read_text() != before
    run_all(ready)


def test_an_environment_whose_name_acts_is_refused_or_shown(ready: ProjectDir) -> None:
    path = ready.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("  test:\n", f"  {A}:\n"))
    run_all(ready, env=ACTS)
    done = ready.run("ledger", "init", "--env", ACTS)
    assert acting_in(done) == []


@pytest.mark.parametrize(
    "header",
    all_but(
        ["phone,first_name,order_id,x\u202e##[y]"],
        ["phone,first_name,order_id,x\u202e##[y]", "phone,first\u202e_name,order_id", "phone\u2066,a,a"],
    ),
)
def test_a_column_that_acts_is_shown_and_does_nothing(ready: ProjectDir, header: str) -> None:
    rest = (ready.folder / "people.csv").read_text().partition("\n")[2]
    ready.write("people.csv", f"{header}\n{rest}")
    run_all(ready)


@pytest.mark.parametrize("table", ["people.csv", "people.jsonl"])
def test_a_row_that_acts_is_shown_and_does_nothing(ready: ProjectDir, table: str) -> None:
    row = json.dumps({"phone": "06" + ACTS, "first_name": ACTS, "order_id": ACTS})
    ready.write("people.jsonl", row + "\n")
    ready.write("people.csv", "phone,first_name,order_id\n06\u202e1,\u2066::error::x,##[error]\n")
    ready.write("hello.yaml", spec_with(recipients=f"{{file: {table}}}"))
    run_all(ready)


NAMES = [in_name(ACTS) + ".yaml", "::error::owned.yaml", "##[error]owned.yaml"]


def neutral(done: Done) -> list[str]:
    """As `acting_in`, where a line may begin with the name of a file, which is `::` with an escape."""
    return [found for found in acting_in(done) if not found.startswith("\\u003a:")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", [False, True])
def test_a_spec_whose_file_name_acts_is_shown_and_does_nothing(ready: ProjectDir, name: str, wrong: bool) -> None:
    ready.write(name, spec_with(name="Wrong Name") if wrong else SPEC)
    for command in COMMANDS:
        done = ready.run(*arguments(command, name))
        assert neutral(done) == [], command


def test_a_project_in_a_folder_whose_name_acts_is_shown_and_does_nothing(ready: ProjectDir, tmp_path: Path) -> None:
    folder = tmp_path / in_name(ACTS)
    folder.mkdir()
    for name in ("sendspec.yaml", "sendspec.lock", ".sendspec", "hello.yaml", "people.csv"):
        (ready.folder / name).rename(folder / name)
    there = ProjectDir(folder)
    there.environ = ready.environ
    run_all(there)
    for words in (("ledger", "check", "--env", "test"), ("ledger", "init", "--env", "test"), ("init",), ("init", "a")):
        assert neutral(there.run(*words)) == []
    (folder / ".sendspec" / "test.db").write_bytes(b"damaged" * 1_000)
    run_all(there)


WORDS: dict[str, list[str]] = {
    "a command": [ACTS],
    "an option": ["plan", "--" + ACTS],
    "a spec that is not there": ["validate", ACTS],
    "a code": ["explain", ACTS],
    "an environment": ["plan", "hello.yaml", "--env", ACTS],
    "a form": ["plan", "hello.yaml", "--format", ACTS],
    "a folder": ["init", in_name(ACTS)],
    "a folder that is there": ["init", "."],
    "a plan": ["send", "--plan", ACTS, "--yes"],
    "a plan to write": ["plan", "hello.yaml", "--env", "test", "--out", in_name(ACTS)],
    "a plan to write elsewhere": ["plan", "hello.yaml", "--env", "test", "--out", "no/" + ACTS],
    "recipients": ["plan", "hello.yaml", "--recipients", ACTS + ".csv"],
    "an id": ["resolve", ACTS, "--as", "skipped", "--reason", "x"],
    "a schema": ["schema", ACTS],
    "a port": ["sandbox", "--port", ACTS],
    "a number of days": ["ledger", "purge", "--older-than", ACTS, "--env", "test"],
}


@pytest.mark.parametrize("what", WORDS)
def test_words_of_the_command_line_are_shown_and_do_nothing(ready: ProjectDir, what: str) -> None:
    done = ready.run(*WORDS[what])
    assert done.out + done.err
    assert done.code != 70
    assert neutral(done) == []


@pytest.mark.parametrize(
    "name", ["SENDSPEC_ENV", "SENDSPEC_FORMAT", "SENDSPEC_COLOR", "SENDSPEC_RECIPIENTS", "SENDSPEC_JOBS"]
)
def test_variables_of_the_environment_are_shown_and_do_nothing(ready: ProjectDir, name: str) -> None:
    ready.environ[name] = ACTS
    for command in ("plan", "send"):
        done = ready.run(command, "hello.yaml")
        assert done.out + done.err
        assert neutral(done) == []


def test_a_plan_file_that_acts_is_shown_and_does_nothing(ready: ProjectDir) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    plan = (ready.folder / "plan.json").read_text()
    found = json.loads(plan)

    def acting(value: object) -> object:
        match value:
            case str():
                return ACTS
            case dict():
                return {key: acting(item) for key, item in value.items()}
            case list():
                return [acting(item) for item in value]
            case _:
                return value

    for changed in (acting(found), {ACTS: 1}, {**found, "environment": ACTS}, {**found, "paths": [ACTS]}):
        ready.write("plan.json", json.dumps(changed))
        assert neutral(ready.run("send", "--plan", "plan.json", "--yes")) == []


@pytest.mark.parametrize("status", all_but([202, 422], [202, 400, 401, 404, 418, 422, 500]))
def test_what_an_api_says_is_shown_and_does_nothing(ready: ProjectDir, server: CountingServer, status: int) -> None:
    said = json.dumps(
        {"code": ACTS, "message": ACTS, "details": {ACTS: [ACTS]}, "id": ACTS, "status": "rejected", "reason": ACTS}
    )
    server.decide = lambda number, request: Answer(status, said.encode())
    server.listing = lambda request: Answer(status, said.encode(), {"Retry-After": "0"})
    run_all(ready)
    done = [
        ready.run("send", "hello.yaml", "--env", "test", "--yes", "--no-witness", "-v", *more)
        for more in ([], ["--color", "always"])
    ]
    for words in ((), ("--format", "csv"), ("--color", "always"), ("--messages",), ("--messages", "--format", "csv")):
        done.append(ready.run("status", "--env", "test", "--messages", *words))
    done += [ready.run("ledger", "export", "--env", "test", "--as", "csv"), ready.run("reconcile", "--env", "test")]
    assert [found for one in done for found in acting_in(one, coloured=True)] == []


def test_a_reference_that_acts_is_exported_and_does_nothing(ready: ProjectDir) -> None:
    """It is the user's own, and a terminal is what an export is often looked at with."""
    ready.write("hello.yaml", SPECS["a reference"])
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code in (0, 1)
    for words in (
        ("status", "--messages", "--format", "csv"),
        ("ledger", "export", "--as", "csv"),
        ("status", "--messages"),
    ):
        assert neutral(ready.run(*words, "--env", "test")) == []


def test_committed_specs_whose_names_act_are_listed_and_do_nothing(ready: ProjectDir) -> None:
    name = in_name(ACTS) + ".yaml"
    ready.write(name, SPEC)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(ready.folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", ACTS], check=True)
    (ready.folder / ".sendspec" / "test.db").unlink()
    for words in ((), ("--baseline",), ("--empty",)):
        assert neutral(ready.run("ledger", "init", "--env", "test", *words)) == []


def test_our_own_colours_are_still_there(ready: ProjectDir) -> None:
    done = ready.run("plan", "hello.yaml", "--env", "test", "--color", "always")
    assert "\x1b[1mhello → sms (test)\x1b[0m" in done.out
    ready.write("hello.yaml", SPECS["a spec's name"])
    assert "\x1b[" in ready.run("validate", "hello.yaml", "--color", "always").err


def test_half_a_character_breaks_nothing_in_any_form(ready: ProjectDir) -> None:
    """File names hold them on POSIX, and JSON and YAML can spell them."""
    name = os.fsdecode(b"caf\xe9.csv")
    ready.write("rows.jsonl", '{"phone": "+447700900001", "first_name": "\\ud83d", "order_id": "\\udc00"}\n')
    for table in (name, "rows.jsonl"):
        for command in ("validate", "plan", "render", "send"):
            for form in ("text", "json"):
                words = [*arguments(command, "hello.yaml"), "--recipients", table, "--format", form]
                done = ready.run(*words)
                assert done.code not in (70, -1), words
                assert (
                    "\\udc" in done.err + done.out
                    or form == "json"
                    or "\ufffd" in done.err + done.out
                    or done.code == 0
                )
                assert acting_in(Done(done.code, "", done.err)) == []
