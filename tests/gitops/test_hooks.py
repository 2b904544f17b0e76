"""The hooks for pre-commit: installed by pre-commit from this repository, without a network, and run on a project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from long_rows import long
from oracles import IN_CI
from project_dir import ProjectDir
from ruamel.yaml import YAML

CHECKOUT = Path(__file__).resolve().parents[2]
HOOKS = {hook["id"]: hook for hook in YAML(typ="safe").load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())}
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
"""With the libraries of the tests in its path, an environment of pre-commit needs nothing more. pip reads "no isolation" as a setting, so 0."""


def git(folder: Path, *words: str) -> None:
    person = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *person, *words], cwd=folder, check=True, capture_output=True, timeout=60)


def tried(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    environ = {**os.environ, **OFFLINE, "PRE_COMMIT_HOME": str(home), "PYTHONPATH": libraries}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(CHECKOUT), "--verbose", *words],
        cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@long
def test_pre_commit_installs_the_hooks_and_finds_a_mistake_in_a_table(tmp_path: Path) -> None:
    if not (CHECKOUT / ".git").exists():
        (pytest.fail if IN_CI else pytest.skip)("this is not a clone, so pre-commit cannot clone it")
    folder = tmp_path / "shop"
    assert ProjectDir(tmp_path).run("init", "shop").code == 0
    git(folder, "init", "--quiet")
    with (folder / "data/people.csv").open("a") as table:
        table.write("+44770090000x,Eve\n")
    git(folder, "add", "--all")
    done = tried(folder, tmp_path / "home", "--all-files")
    assert done.returncode == 1, done.stderr
    assert re.search(r"^sendspec test\.+Passed$", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^sendspec validate\.+Failed$", done.stdout, re.MULTILINE)
    assert "data/people.csv:5:1: error:" in done.stdout


@pytest.mark.parametrize(
    ("path", "hooks"),
    [
        ("specs/hello.yaml", {"sendspec-validate", "sendspec-test"}),
        ("sendspec.yaml", {"sendspec-validate", "sendspec-test"}),
        ("data/people.csv", {"sendspec-validate"}),
        ("sendspec.lock", {"sendspec-validate"}),
        ("README.md", set[str]()),
        ("docs/specs/hello.yaml", set[str]()),
        ("sendspecxyaml", set[str]()),
    ],
)
def test_a_hook_runs_when_a_file_that_it_reads_changed(path: str, hooks: set[str]) -> None:
    assert {name for name, hook in HOOKS.items() if re.search(hook["files"], path)} == hooks


def test_a_hook_gets_every_spec_and_no_names_of_files() -> None:
    """Its command names all specs, so pre-commit must neither add the changed files nor split them among processes."""
    assert set(HOOKS) == {"sendspec-validate", "sendspec-test"}
    for hook in HOOKS.values():
        assert (hook["pass_filenames"], hook["require_serial"], hook["language"]) == (False, True, "python")
