"""Every git ends in time, with all that it started, and says what is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic

import pytest
from sendspec.operations.git_command import Git, GitSlow, GitUnreadable
from sendspec.operations.git_objects import GitObjects

pytestmark = pytest.mark.process


def pretended(folder: Path, does: str) -> dict[str, str]:
    """A program `git` that does this, after it has said where the repository is."""
    (folder / ".git").mkdir()
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *absolute-git-dir*) echo {folder}/.git ;; *) exec </dev/null; {does} ;; esac\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    "does", ["sleep 60", "sleep 60 & sleep 60", "yes x | head -c 100000 >&2; sleep 60", "echo half; sleep 60"]
)
def test_a_git_that_waits_for_ever_is_ended(tmp_path: Path, does: str) -> None:
    git = Git(tmp_path, pretended(tmp_path, does))
    began = monotonic()
    with pytest.raises(GitSlow):
        git.asked("status", stdin=b"x" * 1_000_000, seconds=0.2)
    assert monotonic() - began < 30


def test_all_of_them_have_to_be_done_by_the_end(tmp_path: Path) -> None:
    environ = pretended(tmp_path, "true")
    with pytest.raises(GitSlow):
        Git(tmp_path, environ, end=monotonic()).verify()
    with pytest.raises(GitSlow):
        GitObjects(tmp_path, environ, end=monotonic()).commit("HEAD")


def test_an_answer_without_end_is_refused(tmp_path: Path) -> None:
    git = Git(tmp_path, pretended(tmp_path, "cat /dev/zero"))
    with pytest.raises(GitUnreadable, match="too long"):
        git.asked("status")


def test_what_git_says_is_told_and_cut(tmp_path: Path) -> None:
    git = Git(
        tmp_path, pretended(tmp_path, "yes $(printf 'fatal: \\033[31m%0500d' 1) | head -c 300000 >&2; echo out; exit 7")
    )
    with pytest.raises(GitUnreadable) as raised:
        git.asked("status")
    assert str(raised.value).startswith("fatal: ")
    assert len(str(raised.value)) < 300
    assert "\033" not in str(raised.value)
    assert git.asked("status", may_fail=True) == b""


def test_a_git_that_only_ends_with_an_error_is_told_by_its_number(tmp_path: Path) -> None:
    git = Git(tmp_path, pretended(tmp_path, "exit 7"))
    with pytest.raises(GitUnreadable, match="git ends with 7"):
        git.asked("status")
