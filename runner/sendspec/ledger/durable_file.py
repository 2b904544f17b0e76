"""Small files beside the ledger, replaced whole and durably."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerUnwritable


def write_whole(path: Path, text: str, mode: int) -> None:
    """Replaces the file at `path` atomically: after a crash it has the old text or the new.

    Raises `LedgerUnwritable`, leaving the old file in place.
    """
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        made.unlink(missing_ok=True)  # left by a killed process of the same pid, or a planted link
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        made.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            made.unlink()
        raise unwritable_file(path, error) from error


def sync_folder(folder: Path) -> None:
    """Syncs the folder: a new or renamed file survives a power cut only once its folder is on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable_file(path: object, error: OSError) -> LedgerUnwritable:
    """The error for a ledger file, or a file beside it, that can't be written."""
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return LedgerUnwritable(
        f"{path} can't be written: {reason}", "free some space, or make its folder writable for this user"
    )
