"""Follows the ledger's file through a command, and seals it once it is closed as the command meant to leave it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sendspec.ledger.sqlite.number_ranges import NumberRange, joined_ranges
from sendspec.ledger.sqlite.seal import MAX_REPLANNED, FileState, file_state, remove_seal, write_seal
from sendspec.ledger.sqlite.write_ahead_log import has_log
from sendspec.ledger.verified_point import Seal, VerifiedPoint


class Sealing:
    """One opened ledger's way to its next seal. That seal never covers more than what was verified when the ledger was opened.

    What a run writes is verified at the next opening, from the file and not from this process's memory of it. A run that plans or
    claims has to end before the ledger is sealed again. A command that begins no run writes nothing, and needs no end.
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
        now: float | None = None,
    ) -> None:
        """The ledger is verified up to `point`: after `earlier`, the seal that it was opened with, or else as a whole just now.

        `state` is the file's before anything was verified. Without `now` (Unix seconds), only a run can seal what had no seal.
        """
        self._ledger, self._id, self._salt = ledger, ledger_id, salt
        self._earlier = earlier
        self._read_at = now if earlier is None else earlier.wholly_read_at
        self.recovered_until = 0 if earlier is None else earlier.recovered
        """The move after which every message that is `sending` was claimed."""
        self.is_idle = True
        """Whether nothing was begun."""
        self._replanned: tuple[NumberRange, ...] = ()
        self._state = state
        self._spoiled = False
        self._is_due = True
        self._point = point

    @property
    def is_due(self) -> bool:
        """Whether the ledger is to be sealed when it is closed."""
        return self._is_due and not self._spoiled

    def begin(self, now: float) -> None:
        """A run begins to write. Raises `LedgerUnwritable` if the old seal can't be removed."""
        self._is_due = self.is_idle = False
        remove_seal(self._ledger)
        self._earlier = None
        self._read_at = now if self._read_at is None else self._read_at

    def begun(self) -> None:
        """The run has begun, and recovered what dead runs were sending. What it does before it plans or claims needs no end."""
        self.recovered_until = self._point.moves
        self._is_due = True

    def need_end(self) -> None:
        """The run plans or claims."""
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

    def replan(self, numbers: Iterable[NumberRange]) -> None:
        """A plan replaced messages with these numbers, without a move."""
        self._replanned = joined_ranges((*self._replanned, *numbers), MAX_REPLANNED)

    def before_checkpoint(self) -> None:
        """The file is as after the last checkpoint, unless somebody else has written to it."""
        self._spoiled |= file_state(self._ledger) != self._state

    def after_checkpoint(self) -> None:
        self._state = file_state(self._ledger)

    def seal(self, epoch: int, moves: int, recovered: int) -> None:
        """Seals the closed ledger, if all that was written is in its file. A seal that says the same already is left."""
        self.before_checkpoint()
        if self._spoiled or self._state is None or self._read_at is None or has_log(self._ledger):
            return
        seal = Seal(self._point, recovered, epoch, moves, self._replanned, self._read_at)
        if seal != self._earlier:
            write_seal(self._ledger, self._id, self._salt, seal, self._state)
