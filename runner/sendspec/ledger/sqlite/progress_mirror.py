"""The mirror of the ledger's progress, `<ledger>.epoch`: what shows that a ledger was restored, or lost its latest writes."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerLinked, LedgerTrouble
from sendspec.ledger.durable_file import write_whole
from sendspec.ledger.sqlite_file import open_beside, refuse_link

MAX_BYTES = 100
"""More than two numbers have."""


@dataclass(frozen=True, slots=True, order=True)
class LedgerProgress:
    """`epoch` grows with each run, `moves` with each recorded move; neither ever shrinks."""

    epoch: int
    moves: int = 0

    def __str__(self) -> str:
        return f"{self.epoch} {self.moves:020d}\n"  # of one length within an epoch: it is written in place


def mirror_path(path: Path) -> Path:
    return path.with_name(path.name + ".epoch")


def read_mirror(path: Path) -> LedgerProgress | None:
    """What the mirror of the ledger at `path` says; None where there is no such file, which is no reason to refuse."""
    try:
        with os.fdopen(open_beside(mirror_path(path), os.O_RDONLY), encoding="ascii") as file:
            words = file.read(MAX_BYTES).split()
        if not all(map(str.isdigit, words)):
            raise ValueError
        numbers = [int(word) for word in words]
        return LedgerProgress(*numbers)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, OSError):
        raise LedgerTrouble(
            f"{mirror_path(path)} can't be read", "remove it if the ledger is the latest; it is written anew"
        ) from None


def write_mirror(path: Path, epoch: int, moves: int = 0) -> None:
    """Mirrors the progress, durably; after it is durable in the ledger, so that the mirror is never ahead."""
    refuse_link(mirror_path(path))
    write_whole(mirror_path(path), str(LedgerProgress(epoch, moves)), 0o600)


def mirror_moves(path: Path, epoch: int, moves: int) -> None:
    """Mirrors the progress in place: 10 µs, and no wait for the disk.

    That is enough to see a WAL that was deleted after a kill. A mirror that can't be written stays behind, which is harmless.
    """
    with suppress(OSError, LedgerLinked):
        descriptor = open_beside(mirror_path(path), os.O_WRONLY)
        try:
            os.pwrite(descriptor, str(LedgerProgress(epoch, moves)).encode(), 0)
        finally:
            os.close(descriptor)
