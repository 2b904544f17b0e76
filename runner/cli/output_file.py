"""Files that a command makes because the user asked for them: each is written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from runner.errors import FileUnwritable
from runner.reading.mask import printable

DEVICES = ("/dev/", "/proc/")
"""Below these, a name such as /dev/stdout leads to something that is open already: it is written to, and never replaced."""


def write_file(path: Path, text: str) -> None:
    """Puts a file with this text at `path`, so that a crash or a full disk leaves the old file, or none.

    A link stays one, and what it leads to is replaced. A device or a pipe is written to. Raises `FileUnwritable`.
    """
    try:
        if _is_replaced(path):
            _replace(Path(os.path.realpath(path)), text.encode("utf-8"))
        else:
            _write(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY), text.encode("utf-8"))
    except OSError as error:
        _refuse(path, error)


def check_writable(path: Path) -> None:
    """Raises `FileUnwritable` where `write_file` could only fail, so that it is said before the work is done."""
    try:
        if _is_replaced(path) and not os.access(folder := Path(os.path.realpath(path)).parent, os.W_OK | os.X_OK):
            folder.stat()
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        _refuse(path, error)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Makes the folder `path` and those around it, where they aren't there yet. Raises `FileUnwritable`."""
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        _refuse(path, error)


def _is_replaced(path: Path) -> bool:
    """Whether a new file takes the place of what is at `path`. Raises `IsADirectoryError` for a folder."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return stat.S_ISREG(mode) and not str(path.absolute()).startswith(DEVICES)


def _replace(path: Path, content: bytes) -> None:
    made = path.with_name(f".sendspec-{os.urandom(8).hex()}")  # the name itself may be as long as one can be
    try:
        _write(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), content, sync=True)
        with suppress(FileNotFoundError):
            made.chmod(stat.S_IMODE(path.stat().st_mode))
        made.replace(path)
        _sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            made.unlink()
        raise


def _write(descriptor: int, content: bytes, *, sync: bool = False) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if sync:
            os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse(path: Path, error: OSError) -> NoReturn:
    shown = printable(str(path))
    match error:
        case IsADirectoryError():
            problem, fix = f"'{shown}' is a folder", "name a file in it"
        case FileNotFoundError():
            problem, fix = f"there is no folder for '{shown}'", "make the folder, or correct the path"
        case NotADirectoryError() | FileExistsError():
            problem = f"'{shown}' can't be made: a file is where a folder is needed"
            fix = "move the file away, or name another path"
        case _:
            reason = os.strerror(error.errno or 0).lower()
            problem = f"'{shown}' can't be written: {reason}"
            fix = "make room, or name a path where this user may write"
    raise FileUnwritable(str(path), problem, fix) from error
