"""A folder for a copy is its process's own, and the next process removes what one that was killed has left."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from sendspec.operations.untrusted.private_folder import new_private_folder, remove_left_folders


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_was_left_is_removed_and_what_is_in_use_is_not(temporary: Path) -> None:
    left, lock = new_private_folder()
    (left / "checkout").mkdir()
    (left / "checkout" / "people.csv").write_text("phone\n")
    os.close(lock)  # as the end of a process does
    used, kept = new_private_folder()
    remove_left_folders()
    assert list(temporary.iterdir()) == [used]
    assert used.stat().st_mode & 0o777 == 0o700
    os.close(kept)


def test_what_is_not_such_a_folder_stays(temporary: Path) -> None:
    others = [
        temporary / "sendspec-untrusted-open",
        temporary / "sendspec-untrusted-file",
        temporary / "sendspec-untrusted-link",
    ]
    others[0].mkdir(mode=0o755)
    others[1].touch()
    (temporary / "elsewhere").mkdir(mode=0o700)
    others[2].symlink_to("elsewhere")
    remove_left_folders()
    assert sorted(temporary.iterdir()) == sorted([*others, temporary / "elsewhere"])
