"""Below the folder that was asked for, no link is followed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from sendspec.reading.files.nofollow_open import open_beneath, open_folder, read_beneath


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "top"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.csv").write_text("phone\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.csv").write_text("secret\n")
    return folder


def test_a_file_below_is_read_up_to_its_limit(top: Path) -> None:
    assert read_beneath(top, "data/a.csv", 6) == b"phone\n"
    with pytest.raises(OSError, match="File too large") as caught:
        read_beneath(top, "data/a.csv", 5)
    assert caught.value.errno == errno.EFBIG


def test_a_link_to_a_file_or_a_folder_is_refused(top: Path) -> None:
    (top / "data" / "link.csv").symlink_to(top / "data" / "a.csv")
    (top / "out").symlink_to(top.parent / "outside")
    for below in ("data/link.csv", "out/a.csv"):
        with pytest.raises(OSError, match="symbolic links") as caught:
            open_beneath(top, below)
        assert caught.value.errno == errno.ELOOP


def test_the_top_itself_may_be_reached_through_a_link(top: Path) -> None:
    link = top.parent / "link"
    link.symlink_to(top)
    assert read_beneath(link, "data/a.csv", 100) == b"phone\n"


@pytest.mark.parametrize("below", ["data", "../outside/a.csv", "/etc/passwd", ""])
def test_only_a_regular_file_below_is_opened(top: Path, below: str) -> None:
    with pytest.raises(IsADirectoryError):
        open_beneath(top, below)


def test_missing_folders_are_made_on_request(top: Path) -> None:
    os.close(open_folder(top, "new", "deep", make=True))
    assert (top / "new" / "deep").is_dir()
    with pytest.raises(FileNotFoundError):
        open_folder(top, "missing")
