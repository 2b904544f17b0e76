"""The user's own file of people who opted out: the one place where their addresses are written, because a project asks for it."""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePath

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import os_reason
from sendspec.operations.output_file import write_pieces
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.files.nofollow_open import open_beneath, open_folder
from sendspec.reading.suppress_setting import OwnOptOutFile

HEADER = ("phone", "email", "since")
"""Its columns. A suppression list has the first two, so the file can be one."""
MAX_BYTES = 64 * 1024 * 1024


def append_addresses(context: ProjectContext, own: OwnOptOutFile, said: Mapping[str, float]) -> int:
    """Adds the addresses that the file lacks, with the time (Unix seconds) that each opted out; returns how many.

    The file is replaced whole, durably, and only its owner can read it. Processes take turns. Raises `FileUnwritable`.
    """
    if not said:
        return 0
    shown = printable(own.written)
    below = PurePath(os.path.normpath(own.written))
    if below.is_absolute() or ".." in below.parts:
        raise FileUnwritable(shown, f"'{shown}' leads out of the project", "name a file inside the project")
    try:
        with _folder_locked(context.root, below):
            rows = _rows_of(context.root, below, shown)
            known = {address.lower() for row in rows[1:] for address in row[:2]}
            fresh = [(address, at) for address, at in said.items() if address.lower() not in known]
            if fresh:
                rows += [_row(address, at) for address, at in fresh]
                write_pieces(context.root / below, [_text(rows)], private=True)
    except OSError as error:
        reason = "it is no file, but a folder, a pipe or the like" if error.errno == errno.EISDIR else os_reason(error)
        raise FileUnwritable(
            shown,
            f"'{shown}' can't be written: {reason}",
            "put the file itself there, where this user may write, or remove `append` from sendspec.yaml",
        ) from error
    return len(fresh)


def _row(address: str, at: float) -> list[str]:
    since = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return ["", address, since] if "@" in address else [address, "", since]


def _text(rows: list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def _rows_of(root: Path, below: PurePath, shown: str) -> list[list[str]]:
    """The file's rows, its header first. Another file of that name, such as a table of recipients, is not touched."""
    try:
        descriptor = open_beneath(root, below)
    except FileNotFoundError:
        return [list(HEADER)]
    with os.fdopen(descriptor, "rb") as file:
        status, raw = os.fstat(descriptor), file.read(MAX_BYTES + 1)
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig", "replace")))) if len(raw) <= MAX_BYTES else []
    if status.st_nlink > 1:
        raise FileUnwritable(shown, f"'{shown}' has a second name", "remove the other hard link")
    if raw and (not rows or tuple(rows[0][: len(HEADER)]) != HEADER or any(len(row) < len(HEADER) for row in rows)):
        raise FileUnwritable(
            shown,
            f"'{shown}' is not a table with the columns {', '.join(HEADER)}",
            "name another file, which sendspec then makes, or write these columns into its first line",
        )
    return rows or [list(HEADER)]


@contextmanager
def _folder_locked(root: Path, below: PurePath) -> Iterator[None]:
    """Locks the folder of the file, without following links below the project."""
    folder = open_folder(root, *below.parts[:-1])
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    os.close(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
