"""SQLite database files and the files beside them: links are resolved or refused, never followed by surprise."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerLinked, LedgerTrouble
from sendspec.ledger.durable_file import unwritable_file
from sendspec.reading.environment import LEDGER_FIX
from sendspec.reading.files.confined_path import git_folder_problem
from sendspec.reading.files.nofollow_open import open_beneath

OWN_FOLDER = ".sendspec"
"""Links are refused in it: it may come with a checkout, and a link there could point to any file of the user's."""


SQLITE_ENDINGS = ("", "-wal", "-shm", "-journal")
"""What SQLite appends to a database's name for its files."""


def real_place(path: Path) -> Path:
    """The file that a path leads to, links resolved. Lock, mirror and spill file are beside that file, whatever name is used.

    Raises `LedgerLinked` for a link in `.sendspec`, or if that folder is one, and `LedgerTrouble` for a place in `.git`.
    """
    parts = path.parts
    if OWN_FOLDER in parts:
        first = len(parts) - parts[::-1].index(OWN_FOLDER)
        for end in range(first, len(parts) + 1):
            refuse_link(
                Path(*parts[:end]),
                "put the file or folder itself there, or say under `ledger:` in sendspec.yaml where it is",
            )
    place = os.path.realpath(path)
    in_git = git_folder_problem(place, str(path), LEDGER_FIX)
    if in_git is not None:
        raise LedgerTrouble(in_git.problem, in_git.fix)
    return Path(place)


def refuse_link(place: Path, fix: str = "remove the link; the file is made again") -> None:
    """Raises `LedgerLinked` if `place` is a symbolic link."""
    if place.is_symlink():
        raise LedgerLinked(f"{place} is a link, and sendspec follows none there", fix)


def refuse_second_name(path: Path, *, tidy: bool = False) -> None:
    """Refuses a ledger with a second hard link, as each name would have a lock of its own.

    The temporary name that an interrupted `ledger init` or `ledger copy` left doesn't count; `tidy` removes it, which only the lock's owner
    may do. Raises `LedgerLinked`; OSError if there is no such file.
    """
    status = path.stat()
    if status.st_nlink == 1 or not stat.S_ISREG(status.st_mode):
        return
    copy = copy_name(path)
    made = [*half_made(path), *([copy] if copy.exists() and not copy.is_symlink() else [])]
    own = [name for name in made if os.path.samestat(name.stat(), status)]
    if status.st_nlink > 1 + len(own):
        raise LedgerLinked(
            f"the ledger {path} has a second name (a hard link), which would have a lock of its own",
            f"remove the other name; this lists all: find / -xdev -samefile {path}",
        )
    for name in own if tidy else ():
        name.unlink()


def half_made(path: Path) -> list[Path]:
    """The unfinished ledgers made for `path`, by this process or by killed ones."""
    form = re.compile(rf"\.{re.escape(path.name)}\.[0-9]+")
    try:
        return [found for found in path.parent.iterdir() if form.fullmatch(found.name) and not found.is_symlink()]
    except OSError as error:
        raise unwritable_file(path.parent, error) from error


def copy_name(path: Path) -> Path:
    """The name of an unfinished copy that is to be the ledger at `path`. No other command takes it for a ledger."""
    return path.with_name(f".{path.name}.copy")


def refuse_planted(database: Path) -> None:
    """Refuses a database where SQLite would follow a planted link, or hang on a pipe.

    Opens none of the files: closing one would drop SQLite's locks on it. Raises `LedgerLinked` for a link or a second name,
    `LedgerDamaged` for anything but a file.
    """
    for ending in SQLITE_ENDINGS:
        place = database.with_name(database.name + ending)
        try:
            status = place.lstat()
        except OSError:
            continue  # SQLite can't open it either
        if stat.S_ISLNK(status.st_mode):
            refuse_link(place)
        if stat.S_ISDIR(status.st_mode):
            continue  # SQLite refuses it itself
        if not stat.S_ISREG(status.st_mode):
            raise LedgerDamaged(f"{place} is not a regular file", "move it away, and restore what was there")
        if ending and status.st_nlink > 1:
            raise _second_name(place)


def _second_name(place: Path) -> LedgerLinked:
    return LedgerLinked(f"{place} is a hard link: another file has the same content", "move it away; it is made again")


def open_beside(place: Path, flags: int) -> int:
    """Opens a file beside a ledger and returns its descriptor. A file it creates is for this user alone.

    Raises `LedgerLinked` for a link of either kind, else OSError.
    """
    try:
        descriptor = open_beneath(place.parent, place.name, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            refuse_link(place)
        raise
    status = os.fstat(descriptor)
    if status.st_nlink > 1:
        os.close(descriptor)
        raise _second_name(place)
    return descriptor
