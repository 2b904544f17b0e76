"""What the spool said is kept, is kept: through torn lines, full disks, many writers, and what is planted in its place."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import LedgerLinked, LedgerUnwritable, PrivateFolderUnusable, ReceiverBusy
from sendspec.operations.webhook_spool import BLOCK, Spool, open_spool


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = open_spool(tmp_path, "test")
    yield opened
    opened.close()


def path_in(root: Path) -> Path:
    return root / ".sendspec" / "webhooks-test.jsonl"


def reopened(root: Path) -> list[bytes]:
    spool = open_spool(root, "test")
    try:
        return spool.read().lines
    finally:
        spool.close()


def test_lines_are_in_a_private_file_until_they_are_forgotten(tmp_path: Path, spool: Spool) -> None:
    assert spool.read().lines == []
    for number in range(3):
        spool.append(b"line %d\n" % number)
    assert spool.path == path_in(tmp_path)
    assert spool.path.stat().st_mode & 0o777 == 0o600
    found = spool.read()
    assert found.lines == [b"line 0", b"line 1", b"line 2"]
    spool.append(b"line 3\n")
    spool.forget(found.end)
    assert spool.read().lines == [b"line 3"]
    spool.forget(spool.read().end)
    assert (spool.read().lines, spool.path.read_bytes()) == ([], b"")


def test_what_was_not_forgotten_is_there_again(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, "test")
    spool.append(b"one\n")
    spool.forget(spool.read().end)
    spool.append(b"two\n")
    spool.close()
    assert reopened(tmp_path) == [b"two"]


@pytest.mark.parametrize("torn", [b'{"url":"ht', b"\0" * 600, b'{"a":1}\n{"b'])
def test_a_torn_last_line_stays_apart_from_later_ones(tmp_path: Path, torn: bytes) -> None:
    path_in(tmp_path).parent.mkdir()
    path_in(tmp_path).write_bytes(torn)
    spool = open_spool(tmp_path, "test")
    spool.append(b"later\n")
    assert spool.read().lines == [*torn.split(b"\n"), b"later"]
    spool.close()
    assert reopened(tmp_path)[-1] == b"later"


def test_a_line_that_can_not_be_written_is_not_there_and_breaks_no_later_one(tmp_path: Path) -> None:
    is_full = True

    def sync(descriptor: int) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    spool = open_spool(tmp_path, "test", sync=sync)
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            spool.append(b"refused\n")
    is_full = False
    spool.append(b"kept\n")
    spool.close()
    assert reopened(tmp_path) == [b"kept"]


def test_many_writers_share_syncs_and_each_line_is_on_disk_when_its_writer_goes_on(tmp_path: Path) -> None:
    syncs: list[int] = []
    first, go_on = threading.Event(), threading.Event()

    def sync(descriptor: int) -> None:
        syncs.append(os.fstat(descriptor).st_size)
        if len(syncs) == 1:
            first.set()
            go_on.wait(20)

    spool = open_spool(tmp_path, "test", sync=sync)
    missed: list[bytes] = []

    def write(number: int) -> None:
        line = b"%03d\n" % number
        spool.append(line)
        if syncs[-1] < 4 or line not in path_in(tmp_path).read_bytes():
            missed.append(line)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(50)]
    threads[0].start()
    assert first.wait(20)
    for thread in threads[1:]:
        thread.start()
    for _ in range(20_000):
        if spool.waiting == 49:
            break
        go_on.wait(0.001)
    assert spool.waiting == 49
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert syncs == [4, 200]
    assert missed == []
    assert sorted(spool.read().lines) == [b"%03d" % number for number in range(50)]
    spool.close()


def test_what_is_stored_makes_room_while_more_arrives(spool: Spool) -> None:
    def write(count: int) -> None:
        for _ in range(count):
            spool.append(b"%06d" % next(numbers) + b"x" * 1_000_000 + b"\n")

    numbers = itertools.count()
    found: list[bytes] = []
    sizes = []
    write(2)
    for _ in range(10):
        write(4)
        read = spool.read()
        assert len(read.lines) == 4
        found += read.lines
        spool.forget(read.end)
        sizes.append(spool.path.stat().st_size)
    found += spool.read().lines
    assert [int(one[:6]) for one in found] == list(range(42))
    assert {len(one) for one in found} == {1_000_006}
    assert max(sizes) < 3 * BLOCK
    spool.forget(spool.read().end)
    assert spool.path.stat().st_size == 0


def test_a_line_longer_than_a_block_is_read_whole(spool: Spool) -> None:
    spool.append(b"y" * (BLOCK + 1_000) + b"\n")
    spool.append(b"z\n")
    found = spool.read()
    assert [len(line) for line in found.lines] == [BLOCK + 1_000, 1]
    spool.forget(found.end)
    assert spool.read().lines == []


def test_a_second_process_finds_it_locked(tmp_path: Path, spool: Spool) -> None:
    with pytest.raises(ReceiverBusy, match="another `webhook serve`"):
        open_spool(tmp_path, "test")
    open_spool(tmp_path, "other").close()
    spool.append(b"still mine\n")


@pytest.mark.parametrize("name", ["removed", "replaced", "linked"])
def test_what_is_written_to_a_file_that_is_gone_is_refused(tmp_path: Path, spool: Spool, name: str) -> None:
    match name:
        case "removed":
            spool.path.unlink()
        case "replaced":
            (tmp_path / "other").write_bytes(b"")
            (tmp_path / "other").replace(spool.path)
        case _:
            (tmp_path / "second").hardlink_to(spool.path)
    with pytest.raises(OSError, match=os.strerror(errno.ESTALE)):
        spool.append(b"lost\n")


@pytest.mark.process
def test_a_reader_delays_the_removal_of_what_was_forgotten(spool: Spool) -> None:
    spool.append(b"one\n")
    ready, told = os.pipe()
    child = os.fork()
    if not child:  # a lock is a process's
        with spool.path.open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH)
            os.write(told, b"x")
            signal.pause()
    os.read(ready, 1)
    spool.forget(spool.read().end)
    assert (spool.read().lines, spool.path.read_bytes()) == ([], b"one\n")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (spool.read().lines, spool.path.read_bytes()) == ([], b"")


def test_once_it_is_closed_nothing_is_taken_or_removed(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, "test")
    for line in (b"one\n", b"two\n"):
        spool.append(line)
    end = spool.read().end
    assert spool.close() == 2
    spool.forget(end)
    assert spool.read().lines == []
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        spool.append(b"three\n")
    assert spool.path.read_bytes() == b"one\ntwo\n"


def test_links_and_planted_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    folder = tmp_path / ".sendspec"
    folder.mkdir()
    place = path_in(tmp_path)
    place.symlink_to(target)
    with pytest.raises(LedgerLinked, match="is a link"):
        open_spool(tmp_path, "test")
    place.unlink()
    place.hardlink_to(target)
    with pytest.raises(LedgerLinked, match="hard link"):
        open_spool(tmp_path, "test")
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(LedgerUnwritable, match="it is no regular file"):
        open_spool(tmp_path, "test")
    place.unlink()
    folder.rmdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PrivateFolderUnusable):
        open_spool(tmp_path, "test")
    assert target.read_bytes() == b"precious"


def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path_in(tmp_path).parent.mkdir()
    path_in(tmp_path).write_bytes(b"old\n")
    path_in(tmp_path).chmod(0o644)
    assert reopened(tmp_path) == [b"old"]
    assert path_in(tmp_path).stat().st_mode & 0o777 == 0o600
