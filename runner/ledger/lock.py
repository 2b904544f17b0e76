"""The run lock: a kernel lock that a stopped owner keeps and a killed one loses."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from runner.errors import LedgerBusy, LedgerUnwritable
from runner.ledger.record import RunOwner


class RunLock:
    """`<ledger>.lock`, held. The file's content only names the owner to others; it locks nothing."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def still_mine(self) -> bool:
        """Whether the file at the path is the one that is locked: if somebody removed it, another run could lock a new one."""
        try:
            there = self._path.stat()
        except OSError:
            return False
        here = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def release(self) -> None:
        """Gives the lock back. The file stays: removing it would let two runs lock two files of one name.

        Its words go first, so that the next owner isn't taken for this one before it has written its own.
        """
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def take_lock(ledger: Path, owner: RunOwner, *, since: str) -> RunLock:
    """The lock of `ledger`; raises `LedgerBusy`, naming the owner, while another process holds it."""
    path = ledger.with_name(ledger.name + ".lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LedgerUnwritable(
            f"the lock {path} can't be written: {os.strerror(error.errno or 0).lower()}",
            "make the ledger's folder writable for this user",
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        busy = LedgerBusy(_held_by(descriptor, owner.host), "wait until it has ended; nothing was sent by this one")
        os.close(descriptor)
        raise busy from None
    except OSError as error:
        os.close(descriptor)
        raise LedgerUnwritable(
            f"{path} can't be locked: {os.strerror(error.errno or 0).lower()}", "put the ledger on a local disk"
        ) from None
    _name_owner(descriptor, {"pid": owner.pid, "host": owner.host, "command": owner.command, "since": since})
    return RunLock(path, descriptor)


def _name_owner(descriptor: int, words: dict[str, object]) -> None:
    with suppress(OSError):  # a full disk: the lock holds without a name in it
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
