"""What starting costs: modules that a command doesn't use, and memory that a long table must not take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but

HEAVY = {
    "jinja2", "jsonschema", "jsonschema_rs", "urllib3", "ruamel", "ruamel.yaml", "phonenumbers", "sqlite3", "ssl",
    "orjson", "http", "email", "asyncio", "concurrent", "multiprocessing",
}  # fmt: skip
IMPORTED = """
import sys
from sendspec.cli.main import run
code = run(sys.argv[1:])
print("\\n" + " ".join(sorted(sys.modules)))
sys.exit(code)
"""

COMPILED = """
import re, sys
compiled = []
usual = re.compile
def counted(*arguments, **named):
    frame = sys._getframe(1)
    if frame.f_code.co_name == "<module>":
        compiled.append(frame.f_globals["__name__"])
    return usual(*arguments, **named)
re.compile = counted
from sendspec.cli.main import run
code = run(sys.argv[1:])
made = [each for module in list(sys.modules.values()) for each in vars(module).values() if isinstance(each, type)]
compiled += [each.__module__ for each in made if "__dataclass_fields__" in vars(each) and each.__dataclass_params__.init]
print("\\n" + " ".join(compiled))
sys.exit(code)
"""


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_imports_nothing_that_it_does_not_use(flag: str) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED, flag], capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    assert "click" in imported
    assert imported & HEAVY == set()
    assert {name for name in imported if name.startswith("sendspec.")} <= {
        "sendspec.cli",
        "sendspec.cli.common_flag",
        "sendspec.cli.interrupt",
        "sendspec.cli.main",
        "sendspec.cli.memory_shortage",
        "sendspec.cli.stream",
        "sendspec.diagnostics",
        "sendspec.diagnostics.exceptions",
        "sendspec.diagnostics.exit_code",
    }


MODULES = Path(__file__).parent / "imported"
"""A list for each command: the modules of ours that it imports. `--update-cases` writes them anew."""
MAY_BE_NEW = 8
"""So many may be imported besides. A module costs a command 0.3 ms, and more with what it holds."""
COMMANDS = {
    "validate": ["validate", "hello.yaml"],
    "plan": ["plan", "hello.yaml"],
    "send": ["send", "hello.yaml", "--yes"],
}
NOT_NEEDED = {
    "validate": {"sqlite3", "urllib3", "ssl", "phonenumbers", "jsonschema", "subprocess", "secrets", "asyncio", "http", "multiprocessing", "difflib", "ruamel.yaml", "jinja2"},
    "plan": {"urllib3", "ssl", "phonenumbers", "jsonschema", "asyncio", "http", "multiprocessing", "difflib", "ruamel.yaml", "jinja2"},
    "send": {"phonenumbers", "jsonschema", "asyncio", "multiprocessing", "ruamel.yaml", "jinja2"},
}  # fmt: skip
"""Modules of others that take long to import, and that a first small run has no use for."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_imports_few_modules(name: str, project_dir: Any, helpers: Any, pytestconfig: pytest.Config) -> None:
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(3))
    command = [sys.executable, "-c", IMPORTED, *COMMANDS[name]]
    done = subprocess.run(command, cwd=project_dir.folder, capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    ours, listed = {module for module in imported if module.startswith("sendspec.")}, MODULES / f"{name}.txt"
    if pytestconfig.getoption("update_cases"):
        listed.write_text("\n".join(sorted(ours)) + "\n", encoding="utf-8")
    new = sorted(ours - set(listed.read_text(encoding="utf-8").split()))
    assert len(new) <= MAY_BE_NEW, f"`{name}` imports these besides: {', '.join(new)}"
    assert imported & NOT_NEEDED[name] == set()


def test_a_short_command_compiles_little(project_dir: Any, helpers: Any) -> None:
    """No dataclass of ours is made by the library's decorator, and no expression is compiled by an import."""
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(3))
    for arguments in COMMANDS.values():
        command = [sys.executable, "-c", COMPILED, *arguments]
        done = subprocess.run(command, cwd=project_dir.folder, capture_output=True, text=True, check=True)
        compiled = done.stdout.splitlines()[-1].split()
        at_once = sorted({name for name in compiled if name.startswith("sendspec.")})
        assert not at_once, "use `dataclass` of `lazy_dataclass` and `lazy_pattern` in " + ", ".join(at_once)


def test_reading_commands_load_nothing_that_sends(project_dir: Any, helpers: Any) -> None:
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(3))
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, "plan", "hello.yaml"],
        cwd=project_dir.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert "sendspec.planning.plan" in imported
    assert not any(name.startswith(("urllib3", "ssl", "sendspec.sending", "sendspec.sandbox")) for name in imported)


def test_checking_loads_no_ledger(project_dir: Any, helpers: Any) -> None:
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(3))
    command = [sys.executable, "-c", IMPORTED, "validate", "hello.yaml"]
    done = subprocess.run(command, cwd=project_dir.folder, capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    assert "sendspec.composing.composer" in imported
    assert not any(
        name.startswith(
            ("sqlite3", "urllib3", "ssl", "sendspec.sending", "sendspec.sandbox", "sendspec.ledger.sqlite.ledger")
        )
        for name in imported
    )


@pytest.mark.parametrize("form", all_but(["text"], ["text", "json"]))
def test_a_disk_that_is_full_for_the_result_changes_nothing_else(project: Any, helpers: Any, form: str) -> None:
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(3))
    command = project.command("send", "hello.yaml", "--env", "test", "--yes", "--format", form)
    environ = {**os.environ, **project.environ}
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            command, cwd=project.folder, env=environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 0
        assert "the result could not be written: no space left on device" in done.stderr
        assert "bug" not in done.stderr
        mute = subprocess.run(command, cwd=project.folder, env=environ, stdout=full, stderr=full, check=False)
        assert mute.returncode == 0
    assert project.run("status", "--env", "test", "--format", "json").json["totals"]["accepted"] == 3


# Not `ru_maxrss`, which begins with the size of the process that started this one.
PEAK = """
import pathlib, re, sys
from sendspec.cli.main import run
code = run(sys.argv[1:])
print(code, re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
"""


def test_planning_a_hundred_thousand_rows_stays_small(project_dir: Any, helpers: Any) -> None:
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(100_000))
    done = subprocess.run(
        [sys.executable, "-c", PEAK, "plan", "hello.yaml"],
        cwd=project_dir.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "100 000 send" in done.stdout
    code, kilobytes = map(int, done.stdout.splitlines()[-1].split())
    assert code == 0
    assert kilobytes < 150_000


def test_a_failure_that_can_not_be_told_ends_without_a_traceback() -> None:
    """Where memory runs out, Python may raise anything, also while a command tells of something else."""
    broken = "import sendspec.cli.main as main; main.main = lambda: 1 / 0; from sendspec.__main__ import start; start()"
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (70, 1)
    assert "most likely memory ran out" in done.stderr
