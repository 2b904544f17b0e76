"""A private copy has the bytes of one moment, and a disk that fails is told as what it is."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import CopyUnreadable, InputUnreadable
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.files.private_copy import COPIED_BYTES, PrivateCopy, private_copy, spool

CONTENT = b"phone\n" + b"".join(b"+4477009%05d\n" % n for n in range(200_000))
assert len(CONTENT) > 2 * COPIED_BYTES


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def held(table: Path) -> Iterator[InputFile]:
    file = InputFile(os.open(table, os.O_RDONLY | os.O_CLOEXEC), str(table))
    yield file
    file.close()


def copied(held: InputFile, root: Path) -> PrivateCopy:
    copy = private_copy(held, root)
    assert copy is not None
    return copy


def test_a_copy_keeps_its_bytes_whatever_becomes_of_the_file(tmp_path: Path, table: Path, held: InputFile) -> None:
    copy = copied(held, tmp_path)
    table.write_bytes(b"nothing")
    table.unlink()
    for _ in range(2):
        assert b"".join(copy.blocks()) == CONTENT
        assert not copy.changed()
    assert copy.size == len(CONTENT)
    copy.close()


def test_a_copy_has_no_name_and_is_for_this_user_alone(tmp_path: Path, held: InputFile) -> None:
    copy = copied(held, tmp_path)
    status = os.fstat(copy._descriptor)
    assert (status.st_nlink, stat.S_IMODE(status.st_mode)) == (0, 0o600)
    assert not os.get_inheritable(copy._descriptor)
    assert list((tmp_path / ".sendspec" / "tmp").iterdir()) == []
    copy.close()


class Edited(InputFile):
    """A file that somebody edits when its reading has come to a place."""

    def __init__(self, path: Path, at: int, edit: bytes, *, times_kept: bool) -> None:
        super().__init__(os.open(path, os.O_RDONLY | os.O_CLOEXEC), str(path))
        self.path = path
        self.at = at
        self.edit = edit
        self.times_kept = times_kept

    def read(self, most: int, offset: int) -> bytes:
        block = super().read(most, offset)
        if offset == self.at and self.edit:
            times = self.path.stat().st_atime_ns, self.path.stat().st_mtime_ns
            with self.path.open("r+b") as file:
                file.seek(10)
                file.write(self.edit)
            self.edit = b""
            if self.times_kept:
                os.utime(self.path, ns=times)
        return block


@pytest.mark.parametrize("times_kept", [True, False])
@pytest.mark.parametrize("at", [0, COPIED_BYTES, 2 * COPIED_BYTES])
@pytest.mark.parametrize("edit", [b"0", b"0" * (len(CONTENT) + 5)], ids=["in place", "longer"])
def test_a_file_that_changes_while_it_is_copied_is_noticed(
    tmp_path: Path, table: Path, at: int, edit: bytes, *, times_kept: bool
) -> None:
    file = Edited(table, at, edit, times_kept=times_kept)
    assert private_copy(file, tmp_path) is None
    file.close()


def test_a_file_that_is_replaced_while_it_is_copied_is_noticed(tmp_path: Path, table: Path, held: InputFile) -> None:
    (tmp_path / "new.csv").write_bytes(CONTENT)
    (tmp_path / "new.csv").rename(table)
    assert private_copy(held, tmp_path) is None


def copy_of(tmp_path: Path, content: bytes = CONTENT) -> PrivateCopy:
    return spool(io.BytesIO(content), tmp_path)


def test_other_bytes_than_were_written_are_told(tmp_path: Path) -> None:
    copy = copy_of(tmp_path)
    os.pwrite(copy._descriptor, b"9", 100_000)
    with pytest.raises(CopyUnreadable, match="other bytes than were written"):
        list(copy.blocks())
    copy.close()


def test_a_copy_that_lost_its_end_is_told(tmp_path: Path) -> None:
    copy = copy_of(tmp_path)
    os.ftruncate(copy._descriptor, 100_000)
    with pytest.raises(CopyUnreadable, match="has become shorter"):
        list(copy.blocks())
    copy.close()


def test_an_error_of_the_disk_is_told_as_one_of_the_copy_or_of_the_file(tmp_path: Path, held: InputFile) -> None:
    folder = os.open(tmp_path, os.O_RDONLY | os.O_CLOEXEC)  # reading it fails, as a broken disk does
    with pytest.raises(CopyUnreadable, match="is a directory") as copy:
        PrivateCopy(folder, b"").head(10)
    assert copy.value.exit_code == 6
    with pytest.raises(InputUnreadable, match="is a directory") as file:
        InputFile(folder, str(tmp_path)).head(10)
    assert (file.value.exit_code, file.value.code) == (1, "unreadable-file")
    os.close(folder)
