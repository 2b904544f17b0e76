"""The project's private folder `.sendspec`, and unnamed files in it that only this user can open."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from itertools import count
from pathlib import Path

from sendspec.diagnostics.exceptions import PrivateFolderUnusable
from sendspec.diagnostics.wording import os_reason

FOLDER = ".sendspec"
BELOW = "tmp"
IGNORE_ALL = b"*\n"
_AS_ITSELF = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def make_private_folder(root: Path) -> None:
    """Creates `.sendspec` in the project at `root`, if missing, with a `.gitignore` that covers all of it.

    Raises `PrivateFolderUnusable`.
    """
    os.close(_open_private(root))


def unnamed_file(root: Path) -> int:
    """A descriptor of a new, empty, unnamed file in `.sendspec/tmp` of the project at `root`, mode 0600.

    If `.sendspec` or `tmp` is a link, it is refused. Raises `PrivateFolderUnusable`.
    """
    shown = f"{FOLDER}/{BELOW}"
    private = _open_private(root)
    try:
        folder = _open_folder(BELOW, shown, private)
    finally:
        os.close(private)
    try:
        if stat.S_IMODE(os.fstat(folder).st_mode) & 0o077:
            os.fchmod(folder, 0o700)
        return _without_name(folder)
    except OSError as error:
        raise _unusable(shown, error) from error
    finally:
        os.close(folder)


def _open_private(root: Path) -> int:
    try:
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(FOLDER, error) from error
    try:
        return _open_folder(FOLDER, FOLDER, top, ignored=True)
    finally:
        os.close(top)


def _open_folder(name: str, shown: str, above: int, *, ignored: bool = False) -> int:
    """Opens the folder `name` without following links; creates it if missing."""
    try:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=above)
            if ignored:
                _ignore_all(name, above)
        return os.open(name, _AS_ITSELF, dir_fd=above)
    except OSError as error:
        raise _unusable(shown, error) from error


def _ignore_all(name: str, above: int) -> None:
    folder = os.open(name, _AS_ITSELF, dir_fd=above)
    try:
        with os.fdopen(os.open(".gitignore", _NEW_FILE, 0o600, dir_fd=folder), "wb") as file:
            file.write(IGNORE_ALL)
    finally:
        os.close(folder)


def _without_name(folder: int) -> int:
    """A new file, unlinked at once. Skips names that a killed process left behind."""
    for number in count():
        name = f"copy-{os.getpid()}-{number}"
        try:
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
        except FileExistsError:
            continue
        try:
            os.unlink(name, dir_fd=folder)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
    raise AssertionError("count() has no end")


def _unusable(shown: str, error: OSError) -> PrivateFolderUnusable:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return PrivateFolderUnusable(
            f"'{shown}' is a link or a file, and a run's private files need a folder",
            f"remove '{shown}'; the next command makes the folder",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PrivateFolderUnusable(
            f"the disk is full: '{shown}' can't be written", "free some space, then run the command again"
        )
    reason = os_reason(error)
    return PrivateFolderUnusable(
        f"'{shown}' can't be made or written: {reason}", f"make '{shown}' in the project a folder of this user"
    )
