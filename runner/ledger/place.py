"""Where a ledger really is: links to it followed or refused, and the files beside it opened as themselves."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from runner.errors import LedgerLinked
from runner.ledger.fault import unwritable_file

OWN_FOLDER = ".sendspec"
"""Nothing in it is a link: it comes with a checkout, and a link there could lead to any file of the user's."""


def real_place(path: Path) -> Path:
    """The ledger's own file, links to it followed: its lock, mirror and spill file are beside that, whatever it is called by.

    Raises `LedgerLinked` for a link in `.sendspec`, or for that folder being one.
    """
    parts = path.parts
    if OWN_FOLDER in parts:
        first = len(parts) - parts[::-1].index(OWN_FOLDER)
        for end in range(first, len(parts) + 1):
            refuse_link(
                Path(*parts[:end]),
                "put the file or folder itself there, or say under `ledger:` in sendspec.yaml where it is",
            )
    return Path(os.path.realpath(path))


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


def open_beside(place: Path, flags: int) -> int:
    """A descriptor of a file beside a ledger, made for this user alone where `flags` say so.

    Never that of another file by way of a link: raises `LedgerLinked`. Raises OSError.
    """
    try:
        descriptor = os.open(place, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            refuse_link(place)
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(place))
    if status.st_nlink > 1:
        os.close(descriptor)
        raise LedgerLinked(
            f"{place} is a hard link: another file has the same content", "move it away; it is made again"
        )
    return descriptor
