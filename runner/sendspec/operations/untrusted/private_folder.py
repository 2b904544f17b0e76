"""Folders for copies, which no process but their own uses: a process that is killed leaves its folder, and the next one removes it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "sendspec-untrusted-"
_ATTEMPTS = 20


def new_private_folder() -> tuple[Path, int]:
    """A new folder with mode 0700, and the descriptor that keeps it: the folder counts as left once that is closed. Raises OSError."""
    failure = OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            lock = _kept(folder)
        except OSError as error:  # no locks there, or another process took it for a left one
            failure, lock = error, None
        if lock is not None:
            return folder, lock
        with suppress(OSError):
            folder.rmdir()
    raise failure


def remove_left_folders() -> None:
    """Removes this user's folders whose process is gone. What can't be removed stays."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with suppress(OSError):
                lock = _kept(folder)
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(lock)


def _kept(folder: Path) -> int | None:
    """A descriptor with the lock of this user's folder; None if another process has it. Raises OSError, also if it is gone meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        about = os.fstat(descriptor)
        is_ours = about.st_uid == os.geteuid() and stat.S_IMODE(about.st_mode) == stat.S_IRWXU
        if is_ours and _is_locked(descriptor) and os.path.samestat(about, folder.lstat()):
            kept, descriptor = descriptor, -1
            return kept
        return None
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
