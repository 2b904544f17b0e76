"""Opens files below a folder without following symbolic links, so that nothing in a checkout leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PurePath

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_AS_ITSELF = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
PRIVATE = 0o600


def open_beneath(top: Path | str, below: PurePath | str, flags: int = os.O_RDONLY) -> int:
    """A descriptor of the regular file at `below`, a path relative to the folder `top`.

    Links in `top` are followed, links below it are not. Never blocks on a pipe. A file that `flags` create is private. Raises OSError: ELOOP for a link, EISDIR for
    anything but a regular file.
    """
    *folders, name = _parts(below)
    folder = open_folder(top, *folders)
    try:
        descriptor = os.open(name, flags | _AS_ITSELF, PRIVATE, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(below))
    return descriptor


def open_folder(top: Path | str, *below: str, make: bool = False) -> int:
    """A descriptor of the folder at the names `below`, for `dir_fd`. Treats links as `open_beneath` does.

    `make` creates missing folders. Raises OSError.
    """
    folder = os.open(top, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for name in below:
            if make:
                _make(name, folder)
            inner = _open_as_itself(name, folder)
            os.close(folder)
            folder = inner
    except BaseException:
        os.close(folder)
        raise
    return folder


def read_beneath(top: Path | str, below: PurePath | str, most: int) -> bytes:
    """All bytes of a file of at most `most` bytes. Raises OSError as `open_beneath` does, and EFBIG for a larger file."""
    with os.fdopen(open_beneath(top, below), "rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(below))
    return raw


def _parts(below: PurePath | str) -> tuple[str, ...]:
    parts = PurePath(below).parts
    if not parts or PurePath(below).is_absolute() or ".." in parts:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(below))
    return parts


def _make(name: str, folder: int) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return


def _open_as_itself(name: str, folder: int) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from None
        raise
