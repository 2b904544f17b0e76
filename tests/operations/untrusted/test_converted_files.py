"""Files that a checkout has otherwise than git's objects are not what would be sent from: they count as left out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hostile_repository import LFS_POINTER, PEOPLE, Repository, new_repository
from sendspec.operations.lfs_pointer import lfs_pointer
from sendspec.operations.system import real_system
from sendspec.operations.untrusted.check import untrusted_report
from sendspec.operations.untrusted.report import UntrustedReport
from untrusted_here import here

pytestmark = pytest.mark.process

HELLO = """spec: 1
name: hello
channel: sms
recipients: {file: data/people.csv}
message: {body: {type: text, text: {text: "Hi {{ first_name }}"}}}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = new_repository(tmp_path / "repository")
    repository.write("hello.yaml", HELLO)
    return repository


def report(repository: Repository) -> UntrustedReport:
    repository.commit()
    return untrusted_report(("hello.yaml",), None, real_system("test"), repository.folder, plans=True, ask=here)


@pytest.mark.parametrize(
    ("attributes", "path", "says"),
    [
        ("*.csv ident\n", "hello.yaml", "changed by `ident`"),
        ("*.yaml ident\n", "sendspec.yaml", "changed by `ident`"),
        ("hello.yaml filter=x\n", "hello.yaml", "changed by a `filter`"),
        ("[attr]odd ident\ndata/* odd\n", "hello.yaml", "changed by `ident`"),
        ("*.csv working-tree-encoding=UTF-16\n", "hello.yaml", "changed by a `working-tree-encoding`"),
        ("hello.yaml filter=lfs diff=lfs merge=lfs -text\n", "hello.yaml", "in Git LFS"),
    ],
)
def test_a_file_that_a_checkout_changes_is_not_read(
    repository: Repository, attributes: str, path: str, says: str
) -> None:
    repository.commit()
    repository.write(".gitattributes", attributes)
    repository.git("add", ".gitattributes")
    found = untrusted_report(("hello.yaml",), None, real_system("test"), repository.folder, plans=True, ask=here)
    (error,) = [each for each in found.diagnostics if each.severity == "error"]
    assert (error.code, error.path) == ("untrusted-left-out", path)
    assert says in error.problem
    assert found.plan is None
    assert found.unstaged == ()


@pytest.mark.parametrize(
    "attributes", ["*.csv ident\n*.csv -ident\n", "*.md filter=x\n", "* working-tree-encoding=utf-8\n", "*.csv text\n"]
)
def test_attributes_that_change_nothing_that_is_read_are_fine(repository: Repository, attributes: str) -> None:
    repository.write(".gitattributes", attributes)
    assert report(repository).plan is not None


@pytest.mark.parametrize("attributes", ["*.csv eol=crlf\n", "*.csv text eol=crlf\n", "*.csv text=auto eol=crlf\n"])
def test_line_ends_count_only_inside_of_cells(repository: Repository, attributes: str) -> None:
    repository.write(".gitattributes", attributes)
    assert report(repository).plan is not None
    repository.write("data/people.csv", PEOPLE.replace("Ada", '"Ada\nLovelace"'))
    assert ["`eol=crlf`" in each.problem for each in report(repository).diagnostics] == [True]
    repository.write(".gitattributes", attributes + "*.csv -text\n")
    assert report(repository).plan is not None


def test_attributes_of_folders_above_the_project_count(tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repository")
    inner = repository.folder / "a" / "project"
    inner.mkdir(parents=True)
    (repository.folder / "sendspec.yaml").rename(inner / "sendspec.yaml")
    repository.write("a/project/hello.yaml", HELLO)
    repository.write("a/project/data/people.csv", PEOPLE)
    repository.write("a/.gitattributes", "*.csv ident\n")
    repository.commit()
    found = untrusted_report(("hello.yaml",), None, real_system("test"), inner, plans=True, ask=here)
    assert ["`ident`" in each.problem for each in found.diagnostics] == [True]


def test_a_table_in_git_lfs_is_told_to_be_there(repository: Repository) -> None:
    repository.write(".gitattributes", "*.csv filter=lfs diff=lfs merge=lfs -text\n")
    found = report(repository)
    assert found.plan is not None
    assert [each.why for each in found.plan.absent] == ["not in this repository: its table is in Git LFS"]


def test_attributes_of_the_clone_itself_are_not_asked(repository: Repository) -> None:
    repository.write(".git/info/attributes", "* ident\n")
    assert report(repository).plan is not None


POINTERS = {
    "exact": (LFS_POINTER, True),
    "with a row": (f"{LFS_POINTER}+447700900001,Ada\n", False),
    "with another key": (LFS_POINTER.replace("size", "length"), False),
    "without an end": (LFS_POINTER.rstrip("\n"), False),
    "of another version": (LFS_POINTER.replace("spec/v1", "spec/v2"), False),
    "with CRLF": (LFS_POINTER.replace("\n", "\r\n"), False),
}


@pytest.mark.parametrize("which", POINTERS)
def test_a_pointer_is_one_only_if_it_is_exactly_that(which: str) -> None:
    content, is_pointer = POINTERS[which]
    assert (lfs_pointer(content.encode()) is not None) == is_pointer


def test_a_table_that_begins_as_a_pointer_does_is_read(repository: Repository) -> None:
    repository.write("data/people.csv", f"{LFS_POINTER}phone,first_name\n+447700900001,Ada\n")
    found = report(repository)
    assert found.absent == ()
    assert any(each.severity == "error" for each in found.diagnostics)


def test_a_checkout_has_what_is_said_of_it(repository: Repository, tmp_path: Path) -> None:
    """Git itself changes the file that is refused."""
    repository.write("data/people.csv", PEOPLE.replace("Ada", "$Id$"))
    repository.write(".gitattributes", "*.csv ident\n")
    repository.commit()
    subprocess.run(["git", "clone", "--quiet", repository.folder, tmp_path / "clone"], check=True, capture_output=True)
    assert "$Id: " in (tmp_path / "clone/data/people.csv").read_text(encoding="utf-8")
