"""The run lock: kept by a stopped owner, lost by a dead one."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import OWNER
from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerUnwritable,
)
from sendspec.ledger import folder_lock, held_lock
from sendspec.ledger.folder_lock import folder_locked
from sendspec.ledger.sqlite.run_lock import holder_of, lock_path, take_lock


def lock_file(path: Path) -> Path:
    return path.with_name("test.db.lock")


@pytest.mark.parametrize(("make", "kind"), [(os.mkdir, "is a folder"), (os.mkfifo, "is a pipe")])
def test_what_is_no_file_is_no_lock(path: Path, make: Callable[[Path], None], kind: str) -> None:
    make(lock_file(path))
    with pytest.raises(LedgerUnwritable, match=f"{kind}, in the place of the lock"):
        take_lock(path, OWNER, since="now")


def test_a_lock_that_can_not_be_opened_is_no_lock(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(lock_file(path)))
        with pytest.raises(LedgerUnwritable, match="can't be written"):
            take_lock(path, OWNER, since="now")


def held(path: Path, content: bytes) -> int:
    """The lock's file with this content, locked; returns its descriptor."""
    lock_file(path).write_bytes(content)
    descriptor = os.open(lock_file(path), os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"pid": 1}', b'{"pid": "x", "host": "here", "since": 1}', b"\xff"]
)
def test_a_lock_whose_owner_has_not_written_its_name_is_held_all_the_same(path: Path, content: bytes) -> None:
    descriptor = held(path, content)
    with pytest.raises(LedgerBusy) as busy:
        take_lock(path, OWNER, since="now")
    os.close(descriptor)
    assert busy.value.problem == "another run holds the ledger"
    assert lock_file(path).read_bytes() == content


@pytest.mark.parametrize("host", ["here", "there"])
def test_an_owner_whose_state_is_not_known_is_not_called_stopped(path: Path, host: str) -> None:
    descriptor = held(path, json.dumps({"pid": 2**30, "host": host, "since": "noon"}).encode())
    with pytest.raises(LedgerBusy) as busy:
        take_lock(path, OWNER, since="now")
    os.close(descriptor)
    assert busy.value.problem == f"another run holds the ledger: process {2**30} on {host}, since noon"


def test_on_a_full_disk_the_lock_holds_without_a_name_in_it(path: Path, no_room: Any) -> None:
    with no_room():
        lock = take_lock(path, OWNER, since="now")
        with pytest.raises(LedgerBusy, match="another run holds the ledger"):
            take_lock(path, OWNER, since="now")
    lock.release()
    take_lock(path, OWNER, since="now").release()


WITHOUT_LOCKS = """
import sys
from dataclasses import replace
from pathlib import Path
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.ledger.record import RunOwner
try:
    take_lock(Path(sys.argv[1]), RunOwner(pid=1, host="here", command="send"), since="now")
except LedgerUnwritable as trouble:
    print(trouble.problem, trouble.fix, sep=chr(10))
"""


@pytest.mark.process
def test_where_files_can_not_be_locked_no_run_begins(path: Path) -> None:
    done = subprocess.run(
        ["strace", "-o", os.devnull, "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK",
         sys.executable, "-c", WITHOUT_LOCKS, str(path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{lock_file(path)} can't be locked: no locks available",
        "put the ledger on a local disk",
    ]


def test_what_is_no_lock_is_not_written_to_and_what_a_crash_left_of_one_is_taken(path: Path) -> None:
    for content in (b"", b'{"pi', bytes(40), b'{"pid": 12, "host": "he'):
        lock_path(path).write_bytes(content)
        take_lock(path, OWNER, since="now").release()
    lock_path(path).write_bytes(b"a letter")
    with pytest.raises(LedgerUnwritable, match="no lock of sendspec"):
        take_lock(path, OWNER, since="now")
    assert lock_path(path).read_bytes() == b"a letter"


def test_a_fork_leaves_the_lock_to_its_parent(path: Path) -> None:
    lock = take_lock(path, OWNER, since="now")
    assert lock.still_mine()
    held_lock._leave_to_parent()  # what a child does first
    assert not lock.still_mine()
    other = take_lock(path, OWNER, since="now")
    assert other.still_mine()
    other.release()
    words = lock_path(path).read_bytes()
    lock.release()  # does nothing: it isn't this process's
    assert lock_path(path).read_bytes() == words
    take_lock(path, OWNER, since="now").release()


@pytest.mark.process
def test_a_child_of_a_fork_holds_nothing_when_its_parent_is_gone(path: Path) -> None:
    lock = take_lock(path, OWNER, since="now")
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(to_parent, b"!")
        os.close(to_child)
        os.read(from_parent, 1)
        os._exit(0)
    os.read(from_child, 1)
    os.close(lock._descriptor)  # as the kernel does for a process that was killed
    held_lock.LOCKED.remove(lock._descriptor)
    take_lock(path, OWNER, since="now").release()
    for descriptor in (to_child, to_parent, from_parent, from_child):
        os.close(descriptor)
    os.waitpid(child, 0)


def test_one_at_a_time_changes_the_identities(tmp_path: Path) -> None:
    busy = pytest.raises(LedgerBusy, match=r"sendspec\.lock")
    with folder_locked(tmp_path), busy, folder_locked(tmp_path, pause_seconds=0.0):
        raise AssertionError
    with folder_locked(tmp_path):
        held_lock._leave_to_parent()
    with folder_locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_locked_is_said() -> None:
    descriptor = os.open("/", os.O_PATH)  # flock(2): EBADF for such a one, as on some network file systems
    try:
        with pytest.raises(LedgerUnwritable, match="can't be locked: bad file descriptor"):
            folder_lock._lock_folder(descriptor, Path("/"), 0.0)
    finally:
        os.close(descriptor)


def test_a_held_lock_is_refused_naming_its_owner(path: Path) -> None:
    lock = take_lock(path, OWNER, since="2026-01-01T00:00:00+00:00")
    with pytest.raises(LedgerBusy, match="process 1 on here, since 2026"):
        take_lock(path, OWNER, since="later")
    lock.release()
    take_lock(path, OWNER, since="later").release()


def test_a_lock_whose_file_was_removed_is_mine_no_more(path: Path) -> None:
    lock = take_lock(path, OWNER, since="now")
    assert lock.still_mine()
    path.with_name("test.db.lock").unlink()
    assert not lock.still_mine()
    other = take_lock(path, OWNER, since="now")
    assert not lock.still_mine()
    assert other.still_mine()


def test_a_lock_is_held_by_the_living_process_that_it_names(path: Path) -> None:
    assert holder_of(path, "here") is None
    lock = take_lock(path, replace(OWNER, pid=os.getpid()), since="now")
    assert holder_of(path, "here") == os.getpid()
    assert holder_of(path, "there") is None
    lock.release()
    assert holder_of(path, "here") is None
    taken = take_lock(path, OWNER, since="now")  # process 1 is another user's, or can't be told from one
    assert holder_of(path, "here") == 1
    taken.release()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"pid": "x", "host": "here"}', b'{"pid": -1, "host": "here"}', b'{"pid": 1073741824, "host": "here"}']
)  # fmt: skip
def test_a_lock_that_names_no_living_process_is_left_alone(path: Path, content: bytes) -> None:
    descriptor = held(path, content)
    assert holder_of(path, "here") is None
    os.close(descriptor)


def test_a_number_that_another_process_has_now_holds_nothing(path: Path) -> None:
    lock_file(path).write_bytes(json.dumps({"pid": os.getpid(), "host": "here"}).encode())
    assert holder_of(path, "here") is None


def test_a_lock_that_can_not_be_asked_is_held_by_nobody(path: Path) -> None:
    lock_file(path).symlink_to(path)
    assert holder_of(path, "here") is None
