"""Golden cases: a folder of `cases` each, with the command lines in `command` and their exact text in `expected.txt`.

To add one, make a folder with `command` and the files that its commands need, run `pytest tests/test_cases.py --update-cases`,
and read `expected.txt` before you commit it. Nothing else rewrites it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendspec import __version__
from warm_process import Order, run_warm

pytestmark = pytest.mark.process

CASES = sorted(path.parent for path in (Path(__file__).resolve().parent / "cases").glob("*/command"))
VARYING = [
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC|\+00:00)?"), "<time>"),
    (re.compile(r"(?<= in )\d+\.\d(?= s\b)|(?<=\bwaited )\d+(?= s\b)|(?<=\"seconds\": )\d+(\.\d+)?"), "<seconds>"),
    (re.compile(r"(?<=sent for )\d+\.\d(?= s\b)|(?<=answers: ).*"), "<seconds>"),
    (re.compile(r"(?<=under way: )(accepted|processing|sent)\b"), "<step>"),
    (re.compile(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])"), "<version>"),
]
"""What differs from run to run, or from release to release, and the word that replaces it."""
SALTED = [
    (re.compile(r"\bm[0-9a-f]{32}\b"), "<message id>"),
    (re.compile(r"(?<=plan )[0-9a-f]{8}…[0-9a-f]{4}|v1:[0-9a-f]{64}"), "<digest>"),
]
"""What a case's own `ledger init` makes random: everywhere else the salt is a constant, and the text is exact."""
SECONDS = 30
ENVIRON = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "COLUMNS": "100", "NO_COLOR": "1"}


def test_there_are_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_commands_of_a_case_print_the_expected_text(
    case: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    printed = transcript(case, tmp_path / "project")
    expected = case / "expected.txt"
    if request.config.getoption("--update-cases"):
        expected.write_text(printed, encoding="utf-8")
    assert printed == expected.read_text(encoding="utf-8")


def transcript(case: Path, folder: Path) -> str:
    """What the commands of `case` print and write, run in a copy of it at `folder`."""
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns("command", "expected.txt"))
    before = files(folder)
    commands = (case / "command").read_text(encoding="utf-8")
    shown = [run(line, folder) for line in commands.splitlines()]
    if made := [f"  {name}\n" for name in files(folder) if name not in before]:
        shown.append("".join(["files made:\n", *made]))
    text = "\n".join(shown).replace(str(folder), "<project>")
    for pattern, word in [*VARYING, *(SALTED if "ledger init" in commands else [])]:
        text = pattern.sub(word, text)
    return text


def run(line: str, folder: Path) -> str:
    """One line of a `command` file, with what it printed.

    A line is as in a shell: `NAME=value` before `sendspec`, and ` < FILE` at the end; or `cp FROM TO`, to change a file.
    """
    command, _, given = line.partition(" < ")
    words = shlex.split(command)
    if words[0] == "cp":
        shutil.copyfile(folder / words[1], folder / words[2])
        return f"$ {line}\n"
    start = words.index("sendspec")
    environ = {**ENVIRON, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **dict(_settings(words[:start]))}
    stdin = (folder / given).read_text(encoding="utf-8") if given else ""
    code, out, err = run_warm(Order(words[start + 1 :], str(folder), environ), stdin, SECONDS)
    parts = [f"$ {line}\n", f"exit {code}\n"]
    parts += [f"--- {name}\n{text}" for name, text in (("stdout", out), ("stderr", err)) if text]
    return "".join(part if part.endswith("\n") else f"{part}⏎\n" for part in parts)


def _settings(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, _, value = word.partition("=")
        yield name, value


def files(folder: Path) -> list[str]:
    """Every file below `folder`, but for SQLite's own beside a database."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.endswith(("-wal", "-shm")))
