"""Small files are replaced whole, or stay as they were."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.durable_file import write_whole


def test_a_file_is_replaced_with_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("old")
    write_whole(path, "new", 0o600)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_without_room_the_old_file_stays_and_nothing_else(tmp_path: Path, no_room: Any) -> None:
    path = tmp_path / "note"
    path.write_text("old")
    with no_room(), pytest.raises(LedgerUnwritable, match="note can't be written"):
        write_whole(path, "new", 0o600)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_never_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("another's")
    (tmp_path / f".note.{os.getpid()}").symlink_to(elsewhere)
    write_whole(tmp_path / "note", "new", 0o600)
    assert elsewhere.read_text() == "another's"
    assert not (tmp_path / "note").is_symlink()
