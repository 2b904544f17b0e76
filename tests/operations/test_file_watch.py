"""Which changes of files are told, and when: editors save in many ways, and some files never stop growing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sendspec.operations.file_watch import MAX_SETTLING_SECONDS, MISSING_SECONDS, POLL_SECONDS, FileWatch

LOOKS = 12
Change = Callable[[Path, int], None]


def looks(file: Path, change: Change) -> list[bool]:
    """What each look tells; `change` is called before it, with its number."""
    watch = FileWatch()
    watch.begin([str(file)])
    told = []
    for look in range(LOOKS):
        change(file, look)
        told.append(watch.has_changed(look * POLL_SECONDS))
        if told[-1]:
            watch.begin([str(file)])
    return told


def first(told: list[bool]) -> int | None:
    return told.index(True) if any(told) else None


def nothing(file: Path, look: int) -> None:
    pass


def written_once(file: Path, look: int) -> None:
    if look == 1:
        file.write_text("new")


def written_in_two(file: Path, look: int) -> None:
    if look in (1, 2):
        file.write_text("new" * look)


def moved_over(file: Path, look: int) -> None:
    if look == 1:
        other = file.with_name("other")
        other.write_text("old")
        os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
        other.replace(file)


def away_for_a_moment(file: Path, look: int) -> None:
    if look == 1:
        file.unlink()
    if look == 3:
        file.write_text("new")


def gone(file: Path, look: int) -> None:
    if look == 1:
        file.unlink()


def folder_gone(file: Path, look: int) -> None:
    if look == 1:
        file.parent.rename(file.parent.with_name("elsewhere"))


def growing(file: Path, look: int) -> None:
    with file.open("a") as appended:
        appended.write("more")


def unreadable_at_once(file: Path, look: int) -> None:
    if look == 1:
        file.chmod(0)


MISSED = round(MISSING_SECONDS / POLL_SECONDS)
SETTLING = round(MAX_SETTLING_SECONDS / POLL_SECONDS)


@pytest.mark.parametrize(
    ("change", "told_at"),
    [(nothing, None), (written_once, 2), (written_in_two, 3), (moved_over, 2), (away_for_a_moment, 4), (gone, 1 + MISSED),
     (folder_gone, 1 + MISSED), (growing, SETTLING), (unreadable_at_once, 2)],
)  # fmt: skip
def test_a_change_is_told_once_it_has_settled(tmp_path: Path, change: Change, told_at: int | None) -> None:
    file = tmp_path / "folder" / "file"
    file.parent.mkdir()
    file.write_text("old")
    told = looks(file, change)
    assert first(told) == told_at
    assert told.count(True) <= 1


def test_a_link_is_followed_to_where_it_leads_now(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("same")
    link = tmp_path / "link"
    link.symlink_to("a")

    def led_elsewhere(file: Path, look: int) -> None:
        if look == 1:
            file.unlink()
            file.symlink_to("b")

    assert first(looks(link, led_elsewhere)) == 2


def test_a_file_that_appears_is_told_and_one_that_was_never_there_is_not(tmp_path: Path) -> None:
    def appears(file: Path, look: int) -> None:
        if look == 1:
            file.write_text("new")

    assert first(looks(tmp_path / "new", appears)) == 2
    assert first(looks(tmp_path / "loop\0", nothing)) is None


def test_files_that_a_reading_finds_are_followed_from_then_and_the_others_from_its_beginning(tmp_path: Path) -> None:
    spec, table = tmp_path / "spec", tmp_path / "table"
    spec.write_text("a")
    table.write_text("a")
    watch = FileWatch()
    watch.begin([str(spec)])
    spec.write_text("changed while it was read")
    watch.follow([str(spec), str(table)])
    assert watch.is_disturbed()
    watch.begin([str(spec), str(table)])
    watch.follow([str(spec), str(table)])
    assert not watch.is_disturbed()
    table.write_text("changed")
    assert [watch.has_changed(0.0), watch.has_changed(POLL_SECONDS)] == [False, True]
