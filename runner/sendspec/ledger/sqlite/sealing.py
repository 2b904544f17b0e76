"""Follows the ledger's file through a run, and seals it once it is closed as the run meant to leave it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sendspec.ledger.sqlite.progress_mirror import LedgerProgress
from sendspec.ledger.sqlite.seal import FileState, file_state, remove_seal, write_seal
from sendspec.ledger.sqlite.write_ahead_log import has_log
from sendspec.ledger.verified_point import Seal, VerifiedPoint


class Sealing:
    """One opened ledger's way to its next seal. That seal never covers more than what was verified when the ledger was opened.

    What the run itself writes is verified at the next opening, from the file and not from this process's memory of it.
    """

    def __init__(
        self,
        ledger: Path,
        ledger_id: str,
        salt: bytes | None,
        *,
        point: VerifiedPoint,
        state: FileState | None,
        earlier: Seal | None,
    ) -> None:
        """The ledger is verified up to `point`: after `earlier`, the seal that it was opened with, or else as a whole just now.

        `state` is the file's before anything was verified.
        """
        self._ledger, self._id, self._salt = ledger, ledger_id, salt
        self._read_at = None if earlier is None else earlier.wholly_read_at
        self.recovered_until = 0 if earlier is None else earlier.point.moves
        self._replanned: set[int] = set()
        self._state = state
        self._spoiled = False
        self._is_due = False
        self._point = point

    @property
    def is_due(self) -> bool:
        """Whether the ledger is to be sealed when it is closed."""
        return self._is_due and not self._spoiled

    def begin(self, now: float) -> None:
        """A run begins, which has to end before the ledger is sealed again. Raises `LedgerUnwritable` if the old seal can't be removed."""
        remove_seal(self._ledger)
        self._read_at = now if self._read_at is None else self._read_at
        self._is_due = False

    def end(self) -> None:
        """The run has ended as it should."""
        self._is_due = True

    def carry_on(self, seal: Seal) -> None:
        """Something is noted that no run has to verify: the next seal says the same as this one, of the changed file."""
        self.begin(seal.wholly_read_at)
        self._point = seal.point
        self.replan(seal.replanned)
        self.end()

    def spoil(self) -> None:
        """Something was changed that the next opening wouldn't look at: it has to verify everything."""
        self._spoiled = True

    def replan(self, specs: Iterable[int]) -> None:
        """A plan replaced messages of these specs, without a move."""
        self._replanned.update(specs)

    def before_checkpoint(self) -> None:
        """The file is as after the last checkpoint, unless somebody else has written to it."""
        self._spoiled |= file_state(self._ledger) != self._state

    def after_checkpoint(self) -> None:
        self._state = file_state(self._ledger)

    def seal(self, progress: LedgerProgress) -> None:
        """Seals the closed ledger, if all that was written is in its file."""
        self.before_checkpoint()
        if self._spoiled or self._state is None or self._read_at is None or has_log(self._ledger):
            return
        seal = Seal(self._point, progress.epoch, progress.moves, tuple(sorted(self._replanned)), self._read_at)
        write_seal(self._ledger, self._id, self._salt, seal, self._state)
