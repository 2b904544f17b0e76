"""The private folder is made once, and nothing that lies in its place is followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import PrivateFolderUnusable
from sendspec.reading.files.private_folder import make_private_folder, unnamed_file


def test_the_folder_is_made_once_and_a_changed_list_of_ignored_files_is_left_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path)
    folder = tmp_path / ".sendspec"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"
    (folder / ".gitignore").write_text("tmp\n")
    make_private_folder(tmp_path)
    assert (folder / ".gitignore").read_text() == "tmp\n"


def test_a_name_that_a_killed_process_left_is_passed_over(tmp_path: Path) -> None:
    os.close(unnamed_file(tmp_path))
    left = tmp_path / ".sendspec" / "tmp" / f"copy-{os.getpid()}-0"
    left.symlink_to(tmp_path / "elsewhere")
    os.close(unnamed_file(tmp_path))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", [".sendspec", ".sendspec/tmp"])
@pytest.mark.parametrize("kind", ["link", "broken link", "file"])
def test_a_link_or_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    target = tmp_path / "target"
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to(target)
    if kind == "link":
        target.mkdir()
    with pytest.raises(PrivateFolderUnusable, match=f"'{name}' is a link or a file") as caught:
        unnamed_file(tmp_path)
    assert caught.value.fix.startswith("remove")
    assert not target.exists() or list(target.iterdir()) == []


def test_a_project_that_is_not_there_has_no_room(tmp_path: Path) -> None:
    with pytest.raises(PrivateFolderUnusable, match="no such file"):
        unnamed_file(tmp_path / "none")
