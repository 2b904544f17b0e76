"""What git knows of a project, asked in repositories that the tests make."""

from __future__ import annotations

import os
import subprocess
from hashlib import sha256
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


def test_a_file_is_compared_by_its_own_bytes_and_no_filter_runs(repository: Path) -> None:
    mark = repository / "mark"
    (repository / "kept.csv").write_text("phone\n+447700900001\n")
    (repository / "linked.csv").symlink_to("kept.csv")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "Begin")
    names = ["hello.yaml", "other.yaml", "kept.csv", "linked.csv"]
    git(repository, "config", "filter.x.clean", f"touch {mark}; cat")
    (repository / ".gitattributes").write_text("* filter=x\n")
    for name in names[:3]:
        os.utime(repository / name, (1, 1))
    assert changed_since_commit(repository, names, os.environ) == []
    (repository / "hello.yaml").write_text(SPEC.replace("\n", "\r\n"))
    assert changed_since_commit(repository, names, os.environ) == []
    (repository / "hello.yaml").write_text(SPEC.replace("\n", "\r"))
    (repository / "other.yaml").unlink()
    (repository / "linked.csv").unlink()
    (repository / "linked.csv").symlink_to("hello.yaml")
    (repository / "added.csv").write_text("phone\n")
    git(repository, "-c", "filter.x.clean=cat", "add", "added.csv")
    found = changed_since_commit(repository, [*names, "added.csv", "nowhere.csv"], os.environ)
    assert found == ["hello.yaml", "other.yaml", "linked.csv", "added.csv"]
    assert not mark.exists()


def test_a_file_in_git_lfs_is_compared_with_its_pointer(repository: Path) -> None:
    content = b"phone\r\n+447700900001\r\n"
    digest = sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
    (repository / "people.csv").write_text(pointer)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "Begin")
    (repository / "people.csv").write_bytes(content)
    assert changed_since_commit(repository, ["people.csv"], os.environ) == []
    for other in (content.replace(b"1\r", b"2\r"), content + b"\n"):
        (repository / "people.csv").write_bytes(other)
        assert changed_since_commit(repository, ["people.csv"], os.environ) == ["people.csv"]


@pytest.mark.parametrize(
    "size", [(1 << 20) - 1, 1 << 20, (1 << 20) + 1]
)  # the two characters of a line end are in two blocks
def test_line_ends_are_put_aside_wherever_they_are(repository: Path, size: int) -> None:
    text = "x" * size + "\n\n\r" + "y" * (1 << 20) + "\n"
    (repository / "long.csv").write_bytes(text.encode())
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "Begin")
    (repository / "long.csv").write_bytes(text.replace("\n", "\r\n").encode())
    assert changed_since_commit(repository, ["long.csv"], os.environ) == []


def test_a_repository_with_sha256_names_is_compared_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    (tmp_path / "hello.yaml").write_text(SPEC)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "Begin")
    assert changed_since_commit(tmp_path, ["hello.yaml"], os.environ) == []
    (tmp_path / "hello.yaml").write_text(SPEC + "\n")
    assert changed_since_commit(tmp_path, ["hello.yaml"], os.environ) == ["hello.yaml"]
