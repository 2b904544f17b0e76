"""Completion: what can follow a command line, and the three shells that ask, each at a terminal of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sendspec.cli.complete import SHELLS, VARIABLE, completions
from sendspec.cli.completion_words import text, words
from sendspec.cli.environment_names import PROJECT_FILE, environment_names
from sendspec.cli.main import COMMANDS
from sendspec.reading.project import PROJECT_FILE_NAME
from shell_session import ShellSession, shell_program

WORDS = json.loads((SHELLS / "words.json").read_text(encoding="utf-8"))
PROJECT = """default_environment: staging
environments:
  # a comment
  staging:
    access_key: {env: KEY}

  "production":
    ledger: {file: x}
limits: {}
"""


@pytest.fixture
def shop(project_dir: Any) -> Any:
    project_dir.write("sendspec.yaml", PROJECT)
    for name in ("specs/hello.yaml", "specs/notes.txt", "plan.json", "people.csv"):
        project_dir.write(name, "")
    return project_dir


def completed(line: str, folder: Path) -> list[tuple[str, ...]]:
    *given, current = line.split(" ")
    return [found[:2] for found in completions(WORDS, given, current, folder)]


def test_the_words_are_those_that_the_commands_have() -> None:
    assert (SHELLS / "words.json").read_text(encoding="utf-8") == text(), "run `make docs`"


def test_a_description_says_more_than_which_option_it_goes_with() -> None:
    options = words()["commands"]["plan"]["options"]
    assert options["--expires"]["help"].startswith("With --out: how long")
    assert options["--help"] == options["-h"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pl", ["plan"]),
        ("", list(COMMANDS)),
        ("ledger ", ["check", "copy", "export", "init", "migrate", "purge"]),
        ("ledger ch", ["check"]),
        ("-q --env staging pl", ["plan"]),
        ("--env=staging pl", ["plan"]),
        ("--env = staging pl", ["plan"]),
        ("plan --ex", ["--expires"]),
        ("plan a.yaml --env st", ["staging"]),
        ("--env ", ["sandbox", "staging", "production"]),
        ("--env=st", ["staging"]),
        ("plan --env = st", ["staging"]),
        ("plan -e pro", ["production"]),
        ("validate --format j", ["json", "junit"]),
        ("--format sar", ["sarif"]),
        ("plan --color al", ["always"]),
        ("explain unknown-na", ["unknown-name"]),
        ("explain unknown-name ", []),
        ("help temp", ["templates"]),
        ("help pla", ["plan"]),
        ("schema proj", ["project"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("resolve a.yaml --as acc", ["accepted"]),
        ("nowhere ", []),
        ("plan --nowhere=", []),
        ("send --reason ", []),
        ("plan -- --ex", []),
    ],
)  # fmt: skip
def test_words_complete(shop: Any, line: str, found: list[str]) -> None:
    assert [found for kind, found in completed(line, shop.folder) if kind == "word"] == found


@pytest.mark.parametrize(
    ("line", "endings"),
    [
        ("plan ", "yaml yml"), ("plan a.yaml b", "yaml yml"), ("plan --env staging ", "yaml yml"), ("plan -- ", "yaml yml"),
        ("resolve ", "yaml yml"), ("send --plan p", "json"), ("plan --out ", "json"), ("show ", "json"), ("approve ", "json"),
        ("approve --key ", ""), ("plan --recipients ", "csv tsv jsonl ndjson"), ("--recipients=", "csv tsv jsonl ndjson"),
    ],
)  # fmt: skip
def test_files_complete(shop: Any, line: str, endings: str) -> None:
    assert completed(line, shop.folder) == [("files", endings)]


def test_folders_complete_for_init(shop: Any) -> None:
    assert completed("init ", shop.folder) == [("folders",)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PROJECT, ["staging", "production"]),
        ("environments: {a: {ledger: {file: x}}, 'b': {c: [d: {e: f}]}}\n", ["a", "b"]),
        ("environments:\n  broken: {\n  other: [\n", ["broken", "other"]),
        ("environments:\n  a:\n   \tb: 1\n    c: 1\n  $(rm): 1\n  x;y: 1\n", ["a"]),
        ("# environments:\nspec: 1\n", []),
        ("environments:\n", []),
        ("environments: {{{{\n", []),
        ("\x00\xff\n", []),
    ],
)
def test_environments_are_found_in_any_project_file(project_dir: Any, text: str, names: list[str]) -> None:
    project_dir.write("sendspec.yaml", text)
    (project_dir.folder / "specs").mkdir()
    assert environment_names(project_dir.folder / "specs") == ["sandbox", *names]
    assert PROJECT_FILE == PROJECT_FILE_NAME


def test_a_project_file_that_can_not_be_read_is_none(project_dir: Any) -> None:
    (project_dir.folder / "sendspec.yaml").mkdir()
    assert environment_names(project_dir.folder) == ["sandbox"]


IMPORTED = """
import sys
from sendspec.__main__ import start
try:
    start()
except SystemExit:
    print(" ".join(sys.modules))
"""


def test_the_answer_loads_nothing_slow_and_prints_no_errors(shop: Any) -> None:
    shop.write("sendspec.yaml", b"environments: [\xff\n")
    environ = {**os.environ, VARIABLE: "bash"}
    command = [sys.executable, "-c", IMPORTED, "plan", "--env", "s"]
    done = subprocess.run(command, cwd=shop.folder, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "word\tsandbox\t"
    loaded = {
        name for name in done.stdout.splitlines()[-1].split() if name.startswith(("click", "sendspec.", "ruamel"))
    }
    assert loaded == {
        "sendspec.__main__", "sendspec.cli", "sendspec.cli.complete", "sendspec.cli.environment_names",
        "sendspec.diagnostics", "sendspec.diagnostics.lazy_pattern",
    }  # fmt: skip


LINES = {
    "sendspec pl": ["sendspec", "plan"],
    "sendspec ledger che": ["sendspec", "ledger", "check"],
    "sendspec plan --exp": ["sendspec", "plan", "--expires"],
    "sendspec plan specs/": ["sendspec", "plan", "specs/hello.yaml"],
    "sendspec plan --env sta": ["sendspec", "plan", "--env", "staging"],
    "sendspec --env sta": ["sendspec", "--env", "staging"],
    "sendspec plan --env=sta": ["sendspec", "plan", "--env=staging"],
    "sendspec send --plan pl": ["sendspec", "send", "--plan", "plan.json"],
    "sendspec validate --format jun": ["sendspec", "validate", "--format", "junit"],
    "sendspec explain unknown-na": ["sendspec", "explain", "unknown-name"],
    "sendspec help templ": ["sendspec", "help", "templates"],
}
SHOWN = "shown() { local n=$1; shift; echo begin-$n; printf '[%s]\\n' \"$@\"; echo end-$n; }"


@pytest.fixture
def environ(shop: Any, checkout: Path) -> dict[str, str]:
    """`sendspec` is found, and no setting of the machine's shells is."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "TERM": "dumb",
        "HISTFILE": "/dev/null",
        "INPUTRC": "/dev/null",
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture(params=["bash", "zsh"])
def session(request: pytest.FixtureRequest, shop: Any, environ: dict[str, str]) -> Iterator[ShellSession]:
    name = request.param
    program = shell_program(name)
    command = [program, "--norc", "--noprofile", "-i"] if name == "bash" else [program, "-f", "-i"]
    found = ShellSession(command, shop.folder, environ)
    found.run(SHOWN)
    if name == "zsh":
        found.run("autoload -Uz compinit; compinit -u -D")
    found.run(f"source <(sendspec completion {name})")
    yield found
    found.close()


def test_a_shell_completes_at_the_tabulator(session: ShellSession) -> None:
    assert {line: session.completed(line) for line in LINES} == LINES


def test_zsh_lists_values_without_a_description_by_themselves(shop: Any, environ: dict[str, str]) -> None:
    zsh = ShellSession([shell_program("zsh"), "-f", "-i"], shop.folder, environ)
    zsh.run("autoload -Uz compinit; compinit -u -D")
    zsh.run("source <(sendspec completion zsh)")
    zsh.type("sendspec plan --color \t")
    listed = zsh.read_until("never").rpartition("--color")[2]
    assert "auto" in listed
    assert "--" not in listed
    zsh.close()


def test_fish_completes(shop: Any, environ: dict[str, str]) -> None:
    program = shell_program("fish")
    asked = "; ".join(f"echo begin; complete --do-complete '{line}'" for line in LINES)
    script = f"sendspec completion fish | source; {asked}"
    done = subprocess.run(
        [program, "--no-config", "-c", script], cwd=shop.folder, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    answers = [[line.partition("\t")[0] for line in answer.splitlines()] for answer in done.stdout.split("begin\n")[1:]]
    assert answers == [[line[-1]] for line in LINES.values()]
