"""A file that a spec names lies inside the project, however its name is written and wherever links lead."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from sendspec.diagnostics.problem import Problem
from sendspec.reading.files.confined_path import (
    OpenFile,
    is_among_devices,
    open_from_command_line,
    open_in_project,
    open_resolved,
    resolve_in_project,
    shown_path,
    without_detour,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a table beside its specs, next to a folder that isn't part of it."""
    root = tmp_path / "project"
    (root / "specs" / "data").mkdir(parents=True)
    (root / "people.csv").write_text("phone\n1\n")
    (root / "specs" / "data" / "orders.csv").write_text("phone\n2\n")
    (tmp_path / "project-other").mkdir()
    (tmp_path / "project-other" / "people.csv").write_text("phone\n3\n")
    (tmp_path / "secret.csv").write_text("phone\n4\n")
    return root


def outcome(root: Path, written: str) -> str:
    """What the file holds, or the code of why it can't be read."""
    found = open_in_project(root, str(root / "specs" / "hello.yaml"), written)
    if isinstance(found, Problem):
        return found.code
    with os.fdopen(found.descriptor) as file:
        return file.read()


@pytest.mark.parametrize(
    ("written", "content"),
    [
        ("data/orders.csv", "phone\n2\n"),
        ("./data/../data/orders.csv", "phone\n2\n"),
        ("../people.csv", "phone\n1\n"),
        ("../../project/people.csv", "phone\n1\n"),
    ],
)
def test_paths_count_from_the_spec_and_may_wander_inside_the_project(project: Path, written: str, content: str) -> None:
    assert outcome(project, written) == content


@pytest.mark.parametrize(
    "written",
    [
        "../../secret.csv",
        "../../nothing.csv",
        "../../project-other/people.csv",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "~/people.csv",
        "~root/people.csv",
        "file:///etc/passwd",
        "file:people.csv",
        "https://example.com/people.csv",
        "//server/share/people.csv",
        "\\\\server\\share\\people.csv",
        "C:\\people.csv",
        "C:people.csv",
        "..\\..\\secret.csv",
        "%2e%2e/%2e%2e/secret.csv",
        "..%2F..%2fsecret.csv",
        "%252e%252e/secret.csv",
        "data/orders.csv\0.txt",
    ],
)
def test_no_spelling_leads_out_of_the_project(project: Path, written: str) -> None:
    assert outcome(project, written) == "outside-project"


def test_an_absolute_path_into_the_project_is_refused_too(project: Path) -> None:
    assert outcome(project, str(project / "people.csv")) == "outside-project"


def test_links_are_followed_before_they_are_judged(project: Path) -> None:
    (project / "specs" / "inside.csv").symlink_to("../people.csv")
    (project / "specs" / "out.csv").symlink_to("../../secret.csv")
    (project / "specs" / "folder").symlink_to(project.parent / "project-other")
    (project / "specs" / "twice.csv").symlink_to("out.csv")
    assert outcome(project, "inside.csv") == "phone\n1\n"
    assert outcome(project, "out.csv") == "outside-project"
    assert outcome(project, "twice.csv") == "outside-project"
    assert outcome(project, "folder/people.csv") == "outside-project"


def test_a_project_that_is_itself_reached_by_a_link_is_fine(project: Path) -> None:
    link = project.parent / "linked"
    link.symlink_to(project)
    assert outcome(link, "data/orders.csv") == "phone\n2\n"


def test_a_folder_swapped_for_a_link_after_the_look_is_not_followed(project: Path) -> None:
    place = resolve_in_project(project, str(project / "specs" / "hello.yaml"), "data/orders.csv")
    assert isinstance(place, str)
    (project / "specs" / "data").rename(project / "specs" / "old")
    (project / "specs" / "data").symlink_to(project.parent / "project-other")
    (project.parent / "project-other" / "orders.csv").write_text("phone\n5\n")
    assert isinstance(open_resolved(os.path.realpath(project), place, "data/orders.csv"), Problem)


def test_a_file_swapped_for_a_link_after_the_look_is_not_followed(project: Path) -> None:
    place = resolve_in_project(project, str(project / "specs" / "hello.yaml"), "data/orders.csv")
    assert isinstance(place, str)
    (project / "specs" / "data" / "orders.csv").unlink()
    (project / "specs" / "data" / "orders.csv").symlink_to(project.parent / "secret.csv")
    found = open_resolved(os.path.realpath(project), place, "data/orders.csv")
    assert isinstance(found, Problem)
    assert found.code == "not-a-file"


def test_only_regular_files_are_opened_and_a_pipe_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "specs" / "pipe.csv")
    (project / "specs" / "loop.csv").symlink_to("loop.csv")
    (project / "specs" / "dead.csv").symlink_to("gone.csv")
    assert outcome(project, "pipe.csv") == "not-a-file"
    assert outcome(project, "data") == "not-a-file"
    assert outcome(project, "..") == "not-a-file"
    assert outcome(project, "loop.csv") == "not-a-file"
    assert outcome(project, "dead.csv") == "file-missing"
    assert outcome(project, "data/orders.csv/x.csv") == "file-missing"
    assert outcome(project, "x" * 300 + ".csv") == "unreadable-file"


def test_a_file_that_may_not_be_read_says_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "specs").mkdir()
        (root / "specs" / "orders.csv").write_text("phone\n1\n")
        (root / "specs" / "orders.csv").chmod(0)
        myself = os.geteuid()
        if myself == 0:
            os.seteuid(65534)  # the superuser may read everything
        try:
            assert outcome(root, "orders.csv") == "unreadable-file"
        finally:
            os.seteuid(myself)


def test_a_missing_file_with_a_near_name_offers_it(project: Path) -> None:
    found = open_in_project(project, str(project / "specs" / "hello.yaml"), "data/order.csv")
    assert found == Problem("file-missing", "there is no file 'data/order.csv'", "write 'data/orders.csv'")


def test_the_users_own_argument_may_lie_anywhere_but_must_be_a_file(project: Path) -> None:
    found = open_from_command_line(str(project.parent / "secret.csv"))
    assert isinstance(found, OpenFile)
    os.close(found.descriptor)
    for written, code in (("/dev/zero", "not-a-file"), ("", "not-a-file"), ("/no/such/file.csv", "file-missing")):
        fault = open_from_command_line(written)
        assert isinstance(fault, Problem)
        assert fault.code == code


def test_only_links_among_devices_are_followed_out_of_a_project() -> None:
    assert is_among_devices("/dev/stdin")
    assert is_among_devices("/proc/self/fd/3")
    assert not is_among_devices("/dev/shm/project/people.csv")  # in memory, but as ordinary as any other
    assert not is_among_devices("/home/ann/project/people.csv")


@pytest.mark.parametrize(
    ("spec", "written", "shown"),
    [
        ("specs/a.yaml", "data/b.csv", "specs/data/b.csv"),
        ("./specs/a.yaml", "../b.csv", "./specs/../b.csv"),
        ("a.yaml", "b.csv", "b.csv"),
        ("/p/a.yaml", "b.csv", "/p/b.csv"),
    ],
)
def test_a_path_is_shown_as_it_was_typed(spec: str, written: str, shown: str) -> None:
    assert shown_path(spec, written) == shown


def test_a_detour_is_left_out_only_if_it_leads_to_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("specs", "data", "elsewhere/inner"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("elsewhere/inner")
    assert without_detour("specs/../data/a.csv") == "data/a.csv"
    assert without_detour("link/../data/a.csv") == "link/../data/a.csv"
    assert without_detour("../a.csv") == "../a.csv"
