"""The mirror of the ledger's progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record, settle
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
    LedgerUnwritable,
    MessagesMoved,
)
from sendspec.ledger.record import Change
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, OpenMirror, mirror_path, read_mirror, write_mirror
from sendspec.planning.message_state import MOVE_BY_NAME, State


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


def test_an_open_mirror_tells_each_note_and_is_opened_again_after_a_new_run_wrote_it(path: Path) -> None:
    write_mirror(path, 1, 2)
    mirror = OpenMirror(path, 1)
    mirror.note(3)
    assert read_mirror(path) == LedgerProgress(1, 3)
    mirror.note(40_000)
    assert read_mirror(path) == LedgerProgress(1, 40_000)
    write_mirror(path, 1, 50_000)
    mirror.note(60_000)
    assert read_mirror(path) == LedgerProgress(1, 60_000)
    mirror.close()
    mirror.close()


def test_a_mirror_that_is_gone_or_can_not_be_opened_stays_behind(path: Path) -> None:
    mirror_path(path).unlink()
    mirror = OpenMirror(path, 1)
    mirror.note(3)
    assert read_mirror(path) is None
    mirror_path(path).mkdir()
    mirror.note(4)
    mirror.close()


@pytest.mark.parametrize("opened", [False, True], ids=["planted before", "planted while it is open"])
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_an_open_mirror_follows_no_planted_link(path: Path, link: str, opened: bool) -> None:
    victim = path.with_name("victim")
    victim.write_text("mine, and longer than any progress that a mirror tells\n")
    before = victim.read_bytes()
    mirror = OpenMirror(path, 1)
    if opened:
        mirror.note(3)
    mirror_path(path).unlink()
    getattr(mirror_path(path), link)(victim)
    mirror.note(4)
    mirror.close()
    assert victim.read_bytes() == before


def test_an_open_mirror_that_got_a_second_name_is_not_written(path: Path) -> None:
    mirror = OpenMirror(path, 1)
    mirror.note(3)
    path.with_name("second").hardlink_to(mirror_path(path))
    mirror.note(4)
    mirror.close()
    path.with_name("second").unlink()
    assert read_mirror(path) == LedgerProgress(1, 3)


def test_the_mirror_tells_what_the_ledger_holds_after_exchanges_and_moves(path: Path) -> None:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    won = claim(ledger, *IDS[:5])
    settle(ledger, IDS[0], won[IDS[0]], State.IN_DOUBT)
    settle(ledger, IDS[1], won[IDS[1]], State.PLANNED)
    assert claim(ledger, IDS[1], IDS[2]) == {IDS[1]: 2}
    with pytest.raises(MessagesMoved):
        settle(ledger, IDS[0], 7, State.ACCEPTED)
    ledger.move(MOVE_BY_NAME["resolve"], [Change(id=IDS[0], attempt=1, to=State.ACCEPTED, reason="seen")], now=5.0)
    assert read_mirror(path) == ledger.progress == LedgerProgress(1, 9)
    ledger.close()
    second = open_to_write(path, "one")
    assert second.begin(OWNER, now=6.0).recovered == 4
    claim(second, IDS[7])
    assert read_mirror(path) == second.progress == LedgerProgress(2, 14)
    second.close()
