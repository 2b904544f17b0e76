"""Links to a database, and beside it, are resolved or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ledger_samples import OWNER
from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerDamaged,
    LedgerLinked,
    LedgerUnwritable,
)
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.ledger.sqlite_file import (
    SQLITE_ENDINGS,
    half_made,
    open_beside,
    real_place,
    refuse_planted,
    refuse_second_name,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


def test_links_to_a_ledger_are_followed_outside_of_the_projects_own_folder(path: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "name.db").symlink_to("folder/test.db")
    assert real_place(tmp_path / "name.db") == path
    lock = take_lock(tmp_path / "name.db", OWNER, since="now")
    with pytest.raises(LedgerBusy):
        take_lock(path, OWNER, since="now")
    lock.release()
    (tmp_path / ".sendspec").symlink_to(tmp_path)
    with pytest.raises(LedgerLinked, match=r"\.sendspec is a link"):
        real_place(tmp_path / ".sendspec" / "test.db")


def test_a_second_name_is_refused_and_what_making_left_is_none(path: Path) -> None:
    left = path.with_name(".test.db.12")
    left.hardlink_to(path)
    refuse_second_name(path)
    assert left.exists()
    open_to_write(path, "one").close()
    assert not left.exists()
    path.with_name("other.db").hardlink_to(path)
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerLinked, match="second name"):
            opening(path, "one")


def test_a_folder_that_can_not_be_read_is_not_taken_for_an_empty_one(path: Path) -> None:
    with pytest.raises(LedgerUnwritable):
        half_made(path / "below.db")


def test_files_beside_a_ledger_are_opened_as_themselves(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for name, kind in (("soft", "symlink_to"), ("hard", "hardlink_to")):
        getattr(tmp_path / name, kind)(precious)
        with pytest.raises(LedgerLinked):
            open_beside(tmp_path / name, os.O_RDWR | os.O_CREAT)
    with pytest.raises(IsADirectoryError):
        open_beside(tmp_path, os.O_RDONLY)
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("ending", SQLITE_ENDINGS)
def test_sqlite_is_led_to_no_other_file(path: Path, ending: str) -> None:
    place, other = path.with_name(path.name + ending), path.with_name("other")
    other.write_bytes(b"")
    place.unlink(missing_ok=True)
    refuse_planted(path)
    place.mkdir()
    refuse_planted(path)  # SQLite does
    place.rmdir()
    os.mkfifo(place)
    with pytest.raises(LedgerDamaged, match="not a regular file"):
        refuse_planted(path)
    place.unlink()
    place.symlink_to(other)
    with pytest.raises(LedgerLinked):
        refuse_planted(path)
    if ending:
        place.unlink()
        place.hardlink_to(other)
        with pytest.raises(LedgerLinked, match="hard link"):
            refuse_planted(path)
