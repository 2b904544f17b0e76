"""A kernel lock on a folder, for changes of `sendspec.lock` in it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerBusy, LedgerUnwritable
from sendspec.ledger.held_lock import LOCKED, unlock

FOLDER_TRIES, FOLDER_PAUSE_SECONDS = 200, 0.05


@contextmanager
def folder_locked(folder: Path, *, pause_seconds: float = FOLDER_PAUSE_SECONDS) -> Iterator[None]:
    """Locks `folder` against other processes for the duration of the block, without leaving a file.

    Waits ten seconds for another process, then raises `LedgerBusy`.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock_folder(descriptor, folder, pause_seconds)
    except BaseException:
        os.close(descriptor)
        raise
    LOCKED.add(descriptor)
    try:
        yield
    finally:
        unlock(descriptor)


def _lock_folder(descriptor: int, folder: Path, pause_seconds: float) -> None:
    for _ in range(FOLDER_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(pause_seconds)
        except OSError as error:
            raise LedgerUnwritable(
                f"the folder {folder} can't be locked: {os.strerror(error.errno or 0).lower()}",
                "put the project on a local disk while its ledger is made",
            ) from None
    raise LedgerBusy(
        f"another process is changing sendspec.lock in {folder}", "wait until it has ended, then try again"
    )
