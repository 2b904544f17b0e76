"""Up to where a ledger in a file was verified, and the seal that says so."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class VerifiedPoint:
    """Up to where a ledger was verified: its last move, the last number of its messages, and their count."""

    moves: int
    number: int
    messages: int


@dataclass(frozen=True, slots=True)
class Seal:
    """What a command leaves behind: up to where it found the ledger verified, and the ledger's progress when it was closed.

    Every message that is `sending` was claimed after the move `recovered`. That is no later than the point: a command that begins
    no run verifies claims of a dead run, and leaves them to the next run to recover. `replanned` are the messages that a plan has replaced since the point, which no move names:
    ranges of their numbers, and maybe of others in between.
    `wholly_read_at` is when all of the ledger was last verified, in Unix seconds.
    """

    point: VerifiedPoint
    recovered: int
    epoch: int
    moves: int
    replanned: tuple[tuple[int, int], ...]
    wholly_read_at: float
