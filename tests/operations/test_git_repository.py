"""What git knows of a project, asked in repositories that the tests make."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sendspec.operations.git_command import GitUnreadable
from sendspec.operations.git_repository import changed_since_commit, committed_specs, head_commit

pytestmark = pytest.mark.process

SPEC = "spec: 1\nname: hello\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "hello.yaml").write_text(SPEC)
    (tmp_path / "other.yaml").write_text("name: no spec\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "sendspec.yaml").write_text("environments: {}\n")
    (tmp_path / "inner" / "theirs.yaml").write_text(SPEC)
    git(tmp_path, "add", ".")
    return tmp_path


def test_before_the_first_commit_nothing_is_committed(repository: Path) -> None:
    assert committed_specs(repository, os.environ) == []
    assert head_commit(repository, os.environ) is None


def test_committed_specs_leave_out_other_files_and_projects_inside(repository: Path) -> None:
    git(repository, "commit", "--quiet", "-m", "Begin")
    (repository / "later.yaml").write_text(SPEC)
    assert committed_specs(repository, os.environ) == ["hello.yaml"]
    assert head_commit(repository, os.environ) == git(repository, "rev-parse", "HEAD")


def test_changed_files_are_those_that_differ_from_the_commit(repository: Path) -> None:
    git(repository, "commit", "--quiet", "-m", "Begin")
    (repository / "hello.yaml").write_text(SPEC + "generation: 2\n")
    assert changed_since_commit(repository, ["hello.yaml", "other.yaml"], os.environ) == ["hello.yaml"]
    assert changed_since_commit(repository, [], os.environ) == []


def test_outside_of_a_repository_there_is_no_commit_and_no_spec(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(SPEC)
    assert head_commit(tmp_path, os.environ) is None
    assert committed_specs(tmp_path, os.environ) == []


def test_without_git_a_repository_can_not_be_read(repository: Path) -> None:
    environ = {"PATH": str(repository)}
    assert head_commit(repository, environ) is None
    with pytest.raises(GitUnreadable, match="git can't be run here"):
        committed_specs(repository, environ)
