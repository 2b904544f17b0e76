"""The run lock: a kernel lock on `<ledger>.lock`, which a stopped owner keeps and a killed one loses."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerBusy, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.held_lock import LOCKED, unlock
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite_file import open_beside, real_place

NOTING = "sendspec (noting opt-outs)"
"""The command of an owner that has the lock for a single commit. Others wait for it."""
NOTING_TRIES, NOTING_PAUSE_SECONDS = 100, 0.01
_BEGINNING = b'{"pid": '
"""How the content of a lock file begins. A file with any other content isn't ours and isn't written to."""


class RunLock:
    """A held lock. The file's content only names the owner to others."""

    def __init__(self, path: Path, descriptor: int, ledger: Path) -> None:
        self._path = path
        self._descriptor = descriptor
        self._ledger = ledger
        self._was = _file_at(ledger)

    def still_mine(self) -> bool:
        """Whether the lock file is still the locked one, and the ledger still the file it was locked for.

        If the lock file was removed, another run could lock a new one. If the ledger was removed, what a run writes is lost.
        False in a process forked from the owner.
        """
        if self._descriptor not in LOCKED:
            return False
        here = os.fstat(self._descriptor)
        return _file_at(self._path) == (here.st_dev, here.st_ino) and _file_at(self._ledger) == self._was

    def release(self) -> None:
        """Releases the lock. The file stays: removing it would let two runs lock two files of one name.

        Its content is cleared first, so that the next owner isn't taken for this one. Does nothing in a process forked from the
        owner.
        """
        if self._descriptor not in LOCKED:
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        unlock(self._descriptor)


def take_lock(ledger: Path, owner: RunOwner, *, since: str) -> RunLock:
    """Locks `ledger`, by a file beside its real one. `since` is the present time, as text for another run's error.

    Raises `LedgerBusy`, which names the owner, while another process holds the lock.
    """
    ledger = real_place(ledger)
    path = lock_path(ledger)
    try:
        descriptor = open_beside(path, os.O_RDWR | os.O_CREAT)
    except IsADirectoryError:
        raise LedgerUnwritable(
            f"{path} is {_kind(path)}, in the place of the lock", "move it away; the lock is made again"
        ) from None
    except OSError as error:
        raise LedgerUnwritable(
            f"the lock {path} can't be written: {os.strerror(error.errno or 0).lower()}",
            "make the ledger's folder writable for this user",
        ) from None
    try:
        _flock(descriptor)
    except BlockingIOError:
        busy = LedgerBusy(_held_by(descriptor, owner.host), "wait until it has ended; nothing was sent by this one")
        os.close(descriptor)
        raise busy from None
    except OSError as error:
        os.close(descriptor)
        raise LedgerUnwritable(
            f"{path} can't be locked: {os.strerror(error.errno or 0).lower()}", "put the ledger on a local disk"
        ) from None
    if not _is_ours(descriptor):
        os.close(descriptor)
        raise LedgerUnwritable(
            f"{path} is in the lock's place, and no lock of sendspec", "move it away; the lock is made again"
        )
    LOCKED.add(descriptor)
    _name_owner(descriptor, {"pid": owner.pid, "host": owner.host, "command": owner.command, "since": since})
    return RunLock(path, descriptor, ledger)


def _flock(descriptor: int) -> None:
    """Locks the file. A process that only notes something holds it for a moment; its owner's name may not be written yet."""
    for _ in range(NOTING_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        written = os.pread(descriptor, 4_096, 0)
        if written and f'"command": "{NOTING}"'.encode() not in written:
            break
        time.sleep(NOTING_PAUSE_SECONDS)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def holder_of(ledger: Path, host: str) -> int | None:
    """The living process of this machine, which is called `host`, that holds the lock of `ledger`.

    The lock is tried only if its file names a living process. Otherwise a run that begins at this moment could find it taken.
    """
    try:
        descriptor = open_beside(lock_path(real_place(ledger)), os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, LedgerTrouble):
        return None
    named = _living_owner(descriptor, host)
    try:
        if named is not None:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # another holds it; where files can't be locked, no run begins
        return named
    finally:
        os.close(descriptor)
    return None  # where one is named, it was killed, and another process has its number


def _living_owner(descriptor: int, host: str) -> int | None:
    """The process of this machine that the lock's file names, if there is one of that number."""
    try:
        words: dict[str, Any] = json.loads(os.pread(descriptor, 4_096, 0))
        pid = int(words["pid"])
        if words["host"] != host or pid < 1:
            return None
        with suppress(PermissionError):  # another user's
            os.kill(pid, 0)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
    return pid


_KIND_BY_FORMAT = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _kind(path: Path) -> str:
    """What is at the lock's path and is not a regular file."""
    return _KIND_BY_FORMAT.get(stat.S_IFMT(path.lstat().st_mode), "no file")


def _file_at(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file at a path; None if there is none."""
    try:
        there = path.lstat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def lock_path(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".lock")


def _is_ours(descriptor: int) -> bool:
    """Whether the file has a lock's content, or what a crash left of it."""
    written = os.pread(descriptor, 4_096, 0).strip(b"\0")
    return written.startswith(_BEGINNING) or _BEGINNING.startswith(written)


def _name_owner(descriptor: int, words: dict[str, object]) -> None:
    with suppress(OSError):  # on a full disk the lock works without a name in it
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(words).encode() + b"\n", 0)


def _held_by(descriptor: int, own_host: str) -> str:
    try:
        words: dict[str, Any] = json.loads(os.pread(descriptor, 4_096, 0))
        pid, host = int(words["pid"]), words["host"]
        stopped = ", which is stopped," if host == own_host and _is_stopped(pid) else ""
        return f"another run holds the ledger: process {pid}{stopped} on {host}, since {words['since']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another run holds the ledger"


def _is_stopped(pid: int) -> bool:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return False
    return after_name.split()[:1] in (["T"], ["t"])
