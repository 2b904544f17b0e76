"""Files that the user asked for: each is written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import NoReturn

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.files.confined_path import confined_path, is_among_devices, output_problem
from sendspec.reading.files.nofollow_open import open_folder

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_UNFINISHED = ".sendspec-unfinished-"
"""Prefix of a file that is being written; the next command that writes there removes leftovers."""


def write_file(path: Path, text: str) -> None:
    """Writes a file with this text to `path`. See `write_pieces`."""
    write_pieces(path, [text.encode("utf-8")])


def write_pieces(path: Path, pieces: Iterable[bytes], *, private: bool = False) -> None:
    """Writes a file with this content to `path`, piece by piece. A crash or a full disk leaves the old file, or none.

    `private`: nobody else can open the file, also where another one is replaced. A link stays, and its target is replaced, unless the target is outside of the link's project. A device is written to, and so
    is a pipe that somebody reads. Raises `FileUnwritable`.
    """
    refuse_place(path)
    try:
        if _is_replaced(path):
            _replace(Path(os.path.realpath(path)), pieces, private=private)
        else:
            _write(_open_as_it_is(path), pieces)
    except OSError as error:
        _refuse(path, error)


def write_new(top: Path, below: str, text: str) -> None:
    """Writes a new file with this text to `below` in the folder `top`, creating folders as needed. Follows no link below `top`.

    An interruption leaves the whole file or none, under no other name. An existing file or link is refused. Raises
    `FileUnwritable`.
    """
    *folders, name = PurePath(below).parts
    try:
        folder = open_folder(top, *folders, make=True)
        try:
            _put(folder, name, text.encode("utf-8"))
            _sync_folder(".", folder)
        finally:
            os.close(folder)
    except OSError as error:
        _refuse(top / below, error)


def refuse_place(path: Path) -> None:
    """Raises `FileUnwritable` if a file that a user asks for must not be written, by its real path.

    That is where a link in a project or repository leads out of it, because its author chose what would be overwritten; below
    `.git`, where git runs hooks and reads its configuration; and among a project's private files.
    """
    try:
        where = confined_path(str(path), in_folder=False)
    except ValueError:
        shown = printable(str(path)[:60])
        raise FileUnwritable(shown, f"'{shown}…' is too long for a path", "name a shorter one") from None
    problem = where if isinstance(where, Problem) else output_problem(where.place, str(path))
    if problem is not None:
        raise FileUnwritable(str(path), problem.problem, problem.fix)


def check_writable(path: Path) -> None:
    """Raises `FileUnwritable` if `write_file` is bound to fail, before any work is done."""
    refuse_place(path)
    try:
        if _is_replaced(path) and not os.access(folder := Path(os.path.realpath(path)).parent, os.W_OK | os.X_OK):
            folder.stat()
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        _refuse(path, error)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Makes the folder `path` and its parents, unless they exist. Raises `FileUnwritable`."""
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        _refuse(path, error)


def _is_replaced(path: Path) -> bool:
    """Whether a new file replaces what is at `path`. Raises `IsADirectoryError` for a folder."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return stat.S_ISREG(mode) and not (is_among_devices(str(path.absolute())) and path.is_symlink())


def _open_as_it_is(path: Path) -> int:
    """A descriptor of a device or a pipe; a pipe that nobody reads is an error, not a wait."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    os.set_blocking(descriptor, True)
    return descriptor


def _put(folder: int, name: str, content: bytes) -> None:
    """Writes a file that gets its name once it is whole. Without O_TMPFILE, it has another name until then."""
    left = re.compile(rf"{re.escape(_UNFINISHED)}[0-9]+")
    inner = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        for leftover in filter(left.fullmatch, os.listdir(inner)):  # noqa: PTH208 - of a descriptor
            os.unlink(leftover, dir_fd=folder)
        if hasattr(os, "O_TMPFILE"):
            with suppress(OSError):
                return _put_nameless(folder, name, content)
        made = f"{_UNFINISHED}{os.getpid()}"
        try:
            _write(os.open(made, _NEW_FILE, 0o666, dir_fd=folder), [content], sync=True)
            os.link(made, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(made, dir_fd=folder)
    finally:
        os.close(inner)


def _put_nameless(folder: int, name: str, content: bytes) -> None:
    with os.fdopen(os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        os.link(f"/proc/self/fd/{file.fileno()}", name, dst_dir_fd=folder)


def _replace(path: Path, pieces: Iterable[bytes], *, private: bool) -> None:
    made = path.with_name(
        f".sendspec-{os.urandom(8).hex()}"
    )  # not based on the name, which may have the maximum length already
    try:
        _write(os.open(made, _NEW_FILE, 0o600 if private else 0o666), pieces, sync=True)
        with suppress(FileNotFoundError):
            if not private:
                made.chmod(stat.S_IMODE(path.stat().st_mode))
        made.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise


def _write(descriptor: int, pieces: Iterable[bytes], *, sync: bool = False) -> None:
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        if sync:
            os.fsync(descriptor)


def _sync_folder(folder: Path | str, beneath: int | None = None) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC, dir_fd=beneath)
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
        case OSError(errno=errno.ELOOP):
            problem, fix = f"'{shown}' is a link, or lies behind one", "put the file or folder itself there"
        case OSError(errno=errno.ENXIO):
            problem, fix = f"'{shown}' is a pipe that nobody reads", "start what reads it first"
        case _:
            reason = os.strerror(error.errno or 0).lower()
            problem = f"'{shown}' can't be written: {reason}"
            fix = "free some space, or name a path where this user may write"
    raise FileUnwritable(str(path), problem, fix) from error
