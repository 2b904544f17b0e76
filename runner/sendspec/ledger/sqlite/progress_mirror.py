"""`<ledger>.epoch`, the mirror of the ledger's progress: it shows when a ledger was restored or lost its latest writes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerLinked, LedgerTrouble
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.durable_file import write_whole
from sendspec.ledger.sqlite_file import open_beside, refuse_link

MAX_BYTES = 100
"""Longer than any two numbers."""


@dataclass(frozen=True, slots=True, order=True)
class LedgerProgress:
    """`epoch` grows with each run, `moves` with each recorded move. Neither ever shrinks."""

    epoch: int
    moves: int = 0

    def __str__(self) -> str:
        return f"{self.epoch} {self.moves:020d}\n"  # the same length throughout an epoch, as it is written in place


def mirror_path(path: Path) -> Path:
    return path.with_name(path.name + ".epoch")


def read_mirror(path: Path) -> LedgerProgress | None:
    """The mirrored progress of the ledger at `path`. None: there is no mirror, which is no reason to refuse."""
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
            f"{mirror_path(path)} can't be read", "remove it if the ledger is the latest; the next run writes it again"
        ) from None


def write_mirror(path: Path, epoch: int, moves: int = 0) -> None:
    """Writes the mirror durably. Call it after the ledger's own commit, so that the mirror is never ahead."""
    refuse_link(mirror_path(path))
    write_whole(mirror_path(path), str(LedgerProgress(epoch, moves)), 0o600)


class OpenMirror:
    """The mirror of a run that goes on, open to be updated in place, without a sync: opening it each time takes 20 times as long.

    Enough to notice a WAL deleted after a kill. A failed write leaves the mirror behind the ledger, which is harmless.
    """

    def __init__(self, path: Path, epoch: int) -> None:
        """Opens nothing yet. `path` is the ledger's, `epoch` that of the run."""
        self._place = mirror_path(path)
        self._epoch = epoch
        self._descriptor: int | None = None

    def note(self, moves: int) -> None:
        """Call it after the ledger's own commit, so that the mirror is never ahead."""
        with suppress(OSError, LedgerLinked):
            os.pwrite(self._opened(), str(LedgerProgress(self._epoch, moves)).encode(), 0)

    def _opened(self) -> int:
        """The mirror's descriptor. Once its file has no name or a second one, what has the name now is opened, or refused."""
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink != 1:
            self.close()
        if self._descriptor is None:
            self._descriptor = open_beside(self._place, os.O_WRONLY)
        return self._descriptor

    def close(self) -> None:
        """Safe to call twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def lost_since(progress: LedgerProgress, mirrored: LedgerProgress | None) -> str | None:
    """What a ledger with this progress has lost, as the end of a sentence about it; None: nothing."""
    if mirrored is None or progress >= mirrored:
        return None
    if progress.epoch < mirrored.epoch:
        return f"is older than its last run (epoch {progress.epoch}, not {mirrored.epoch}): it was restored or lost its latest writes"
    return f"lost the latest {mirrored.moves - progress.moves} moves of its last run"
