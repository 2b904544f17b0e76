"""Files that commands make, and a plan that others made: nothing is left behind half, and what is in a plan is judged."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but
from plan_files import digested, resealed
from project_dir import ProjectDir

FILES = {
    "sendspec.yaml", "specs/hello.yaml", "data/people.csv", "schemas/spec.schema.json", "schemas/project.schema.json", ".gitignore",
    ".github/workflows/messages.yml",
}  # fmt: skip
MADE = FILES | {".sendspec/.gitignore"}
MOST = 100
"""Far more often than an `init` writes."""
KILLED = """
import os, signal, sys
at, how = int(sys.argv[1]), sys.argv[2]
from sendspec.cli.main import main
seen = 0
def count(event, arguments):
    global seen
    if event in ("open", "os.link", "os.rename", "os.mkdir", "os.remove"):
        if not isinstance(arguments[0], str):
            return
        if event == "open" and (arguments[0].startswith("/") or not arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        seen += 1
        if seen == at:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt
sys.addaudithook(count)
main(["init", "shop"])
"""


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def interrupted(project_dir: ProjectDir, at: int, how: str) -> bool:
    """An `init` that is interrupted as it is about to write for the `at`th time; whether it came so far."""
    return project_dir.run(str(at), how, script=KILLED).code != 0


def test_an_init_that_is_killed_leaves_whole_files_and_is_completed_by_the_next(project_dir: ProjectDir) -> None:
    whole = ProjectDir(project_dir.folder / "whole")
    whole.folder.mkdir()
    assert whole.run("init", "shop").code == 0
    assert files_in(whole.folder / "shop") == MADE
    for at in range(1, MOST):
        here = ProjectDir(project_dir.folder / f"here{at}")
        here.folder.mkdir()
        if not interrupted(here, at, "kill"):
            break
        for name in files_in(here.folder / "shop"):
            assert name in MADE, name
            assert (here.folder / "shop" / name).read_bytes() == (whole.folder / "shop" / name).read_bytes(), name
        again = here.run("init", "shop")
        assert again.code == 0, (at, again.err)
        assert files_in(here.folder / "shop") == MADE
        assert "nothing to do" in here.run("init", "shop").out
    assert len(MADE) < at < MOST - 1


def test_an_init_that_is_interrupted_takes_its_files_away(project_dir: ProjectDir) -> None:
    for at in range(1, MOST):
        here = ProjectDir(project_dir.folder / f"here{at}")
        here.folder.mkdir()
        if not interrupted(here, at, "ctrl-c"):
            break
        assert files_in(here.folder / "shop") <= {".sendspec/.gitignore"}
    assert len(FILES) < at < MOST - 1


def test_an_init_does_not_complete_what_somebody_has_changed(project_dir: ProjectDir) -> None:
    project_dir.write("shop/sendspec.yaml", "environments: {}\n")
    done = project_dir.run("init", "shop")
    assert done.code == 2
    assert files_in(project_dir.folder) == {"shop/sendspec.yaml"}


def changed(project_dir: ProjectDir, name: str, value: Any) -> None:
    """Changes a plan, and gives it the digest and the seal that it then needs: those are no secrets."""
    path = project_dir.folder / "plan.json"
    content = json.loads(path.read_text())
    holder = content["specs"][0] if name == "path" else content
    if value is ...:
        del holder[name]
    else:
        holder[name] = value
    if name != "digest":
        with suppress(TypeError, KeyError, ValueError):  # no digest of such a plan can be made
            content = digested(content)
    path.write_text(json.dumps(resealed(content)))


ODD: tuple[Any, ...] = (
    None,
    1,
    True,
    1.5,
    "",
    [],
    {},
    [1],
    [None],
    [[]],
    [{}],
    {"a": 1},
    ["hello.yaml", 1],
    ["a\0b"],
    ["/etc/hosts"],
    "x" * 5_000,
    ...,
)


@pytest.mark.parametrize("name", all_but(["path", "digest"], ["path", "environment", "ledger", "digest"]))
def test_a_plan_with_other_values_than_a_plan_has_is_no_bug(ready: ProjectDir, name: str) -> None:
    for value in ODD:
        assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
        changed(ready, name, value)
        for more in ((), ("--env", "test")):
            done = ready.run("send", "--plan", "plan.json", "--yes", *more)
            is_found = name == "path" and isinstance(value, str) and "\0" not in value  # by its name, wherever it is
            assert done.code in ((0, 1, 2) if is_found else (1, 2, 8)), (value, done.err)
            told = [line for line in done.err.splitlines() if not line.startswith("connecting to ")]
            assert "127.0.0.1" not in "\n".join(told)  # the file that an absolute path would lead to


def test_a_plan_is_written_to_no_file_outside_by_a_planted_link(
    ready: ProjectDir, tmp_path_factory: pytest.TempPathFactory
) -> None:
    precious = tmp_path_factory.mktemp("home") / ".bashrc"
    precious.write_text("alias ll='ls -l'\n")
    (ready.folder / "plan.json").symlink_to(precious)
    done = ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json")
    assert done.code == 1, done.err
    assert "[file-unwritable]" in done.err
    assert precious.read_text() == "alias ll='ls -l'\n"
    assert (ready.folder / "plan.json").is_symlink()
    (ready.folder / "plan.json").unlink()
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
