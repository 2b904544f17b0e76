"""What copying a ledger needs of the two places, whatever stores a ledger there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from sendspec.ledger.copied_table import CopiedTable, LedgerContent
from sendspec.ledger.record import RunOwner


class CopySource(Protocol):
    """A ledger to copy, that no run writes to meanwhile."""

    @property
    def moved_to(self) -> str | None: ...

    @property
    def copy(self) -> str | None:
        """Which copy was made of it, or which copy it is."""

    @property
    def created_at(self) -> float: ...

    @property
    def epoch(self) -> int:
        """The number of the latest run, at least."""

    @property
    def moves(self) -> int: ...

    @property
    def opt_outs_noted(self) -> int: ...

    @property
    def halt(self) -> str | None:
        """Why no run may claim anything; None if they may."""

    def prepare(self, owner: RunOwner, *, now: float) -> None:
        """Puts everything of dead runs into its place, and keeps all runs out. Raises `LedgerBusy`."""

    def copied_rows(self, table: CopiedTable) -> Iterator[tuple[Any, ...]]: ...

    def content(self) -> LedgerContent: ...

    def find_damage(self) -> list[str]: ...

    def mark_moved(self, to: str, copy: str) -> None:
        """Durably, and for good: from then on no run can write to it."""


class CopyTarget(Protocol):
    """The place of a copy."""

    def waiting_copy(self) -> str | None:
        """Which copy is there, complete but maybe not usable yet; None if there is none of this ledger."""

    def refuse_taken(self) -> None:
        """Raises `LedgerTrouble` if there is anything but a copy that was begun."""

    def fill(self, source: CopySource, copy: str) -> None:
        """Writes everything. What it has written can't be used, and a copy that was begun is gone."""

    def content(self) -> LedgerContent: ...

    def find_damage(self) -> list[str]: ...

    def finish(self, source: CopySource) -> None:
        """Makes the copy usable. Does nothing if it is."""

    def close(self) -> None: ...
