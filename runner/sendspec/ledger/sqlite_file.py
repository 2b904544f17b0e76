"""Where a ledger really is: links to it followed or refused, and the files beside it opened as themselves."""

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
"""Nothing in it is a link: it comes with a checkout, and a link there could lead to any file of the user's."""


SQLITE_ENDINGS = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to a database's name for the files that it keeps beside it."""


def real_place(path: Path) -> Path:
    """The ledger's own file, links to it followed: its lock, mirror and spill file are beside that, whatever it is called by.

    Raises `LedgerLinked` for a link in `.sendspec`, or for that folder being one, and `LedgerTrouble` for a place in `.git`.
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
    """Raises `LedgerLinked` where there is a symbolic link at `place`."""
    if place.is_symlink():
        raise LedgerLinked(f"{place} is a link, and sendspec follows none there", fix)


def refuse_second_name(path: Path, *, tidy: bool = False) -> None:
    """Refuses a ledger that has another hard link: under each name it would have a lock of its own.

    What an interrupted `ledger init` left is no other name; `tidy` removes it, which only the lock's owner may do.
    Raises `LedgerLinked`; OSError where there is no such file.
    """
    status = path.stat()
    if status.st_nlink == 1 or not stat.S_ISREG(status.st_mode):
        return
    own = [name for name in half_made(path) if os.path.samestat(name.stat(), status)]
    if status.st_nlink > 1 + len(own):
        raise LedgerLinked(
            f"the ledger {path} has a second name (a hard link), which would have a lock of its own",
            f"remove the other name; this lists all: find / -xdev -samefile {path}",
        )
    for name in own if tidy else ():
        name.unlink()


def half_made(path: Path) -> list[Path]:
    """The ledgers that were being made for `path`, by this process or one that was killed at it."""
    form = re.compile(rf"\.{re.escape(path.name)}\.[0-9]+")
    try:
        return [found for found in path.parent.iterdir() if form.fullmatch(found.name) and not found.is_symlink()]
    except OSError as error:
        raise unwritable_file(path.parent, error) from error


def refuse_planted(database: Path) -> None:
    """Refuses a database where SQLite would follow a link of its, or wait for the other end of a pipe.

    None of the files is opened: closing one would end SQLite's locks on it. Raises `LedgerLinked` for a link or a second name,
    `LedgerDamaged` for what is no file.
    """
    for ending in SQLITE_ENDINGS:
        place = database.with_name(database.name + ending)
        try:
            status = place.lstat()
        except OSError:
            continue  # what can't be looked at, SQLite can't open either
        if stat.S_ISLNK(status.st_mode):
            refuse_link(place)
        if stat.S_ISDIR(status.st_mode):
            continue  # SQLite refuses it itself
        if not stat.S_ISREG(status.st_mode):
            raise LedgerDamaged(f"{place} is no regular file", "move it away, and bring back what was there")
        if ending and status.st_nlink > 1:
            raise _second_name(place)


def _second_name(place: Path) -> LedgerLinked:
    return LedgerLinked(f"{place} is a hard link: another file has the same content", "move it away; it is made again")


def open_beside(place: Path, flags: int) -> int:
    """A descriptor of a file beside a ledger, made for this user alone where `flags` say so.

    Never that of another file by way of a link: raises `LedgerLinked`. Raises OSError.
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
