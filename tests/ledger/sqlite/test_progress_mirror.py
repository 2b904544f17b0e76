"""The mirror of the ledger's progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, mirror_path, read_mirror, write_mirror


def test_the_mirror_gives_back_what_was_written(path: Path) -> None:
    write_mirror(path, 3, 41)
    assert read_mirror(path) == LedgerProgress(3, 41)
    mirror_path(path).write_text("7\n")
    assert read_mirror(path) == LedgerProgress(7, 0)


@pytest.mark.parametrize("content", [b"", b"one 2", b"1 2 3", b"-1", b"1 -2", "３ 4 õ".encode(), b"\xff"])
def test_a_mirror_that_makes_no_sense_is_refused_and_not_passed_over(path: Path, content: bytes) -> None:
    mirror_path(path).write_bytes(content)
    with pytest.raises(LedgerTrouble, match="can't be read"):
        open_to_write(path, "one")
    mirror_path(path).unlink()
    mirror_path(path).mkdir()
    with pytest.raises(LedgerTrouble, match="can't be read"):
        read_mirror(path)


def test_a_mirror_that_can_not_be_written_stops_the_run_that_begins(path: Path, no_room: Any) -> None:
    write_mirror(path, 0, 0)
    with no_room(), pytest.raises(LedgerUnwritable, match="epoch"):
        write_mirror(path, 1, 2)
    assert read_mirror(path) == LedgerProgress(0, 0)
    assert [found.name for found in path.parent.iterdir() if found.name.startswith(".")] == []
