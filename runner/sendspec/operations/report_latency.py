"""How long attempts took: counted by the millisecond, in bounded memory."""

from __future__ import annotations

from itertools import pairwise

from sendspec.operations.report_speed import Latency, LatencyBin

EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0)
"""Where the bins of the histogram begin, in seconds."""
_EXACT = 100_000
"""Milliseconds up to which each is told apart; of longer times, the first three digits are."""


class LatencyCount:
    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, seconds: float) -> None:
        """Counts an attempt. A clock that was set back makes it 0."""
        taken = int(seconds * 1_000 + 0.5) if seconds > 0.0 else 0
        if taken > _EXACT:
            step = 10 ** (len(str(taken)) - 3)
            taken -= taken % step
        self._counts[taken] = self._counts.get(taken, 0) + 1

    def latency(self) -> Latency:
        """The share of 99 % is that of the attempt which 99 % are not slower than."""
        ordered = sorted(self._counts.items())
        total = sum(count for _, count in ordered)
        if not total:
            return Latency()
        return Latency(
            count=total,
            p50=_at_rank(ordered, -(-total * 50 // 100)),
            p90=_at_rank(ordered, -(-total * 90 // 100)),
            p99=_at_rank(ordered, -(-total * 99 // 100)),
            max=ordered[-1][0] / 1_000,
            histogram=_histogram(ordered),
        )


def _at_rank(ordered: list[tuple[int, int]], rank: int) -> float:
    for taken, count in ordered:
        rank -= count
        if rank <= 0:
            return taken / 1_000
    raise AssertionError("the rank is beyond the count")


def _histogram(ordered: list[tuple[int, int]]) -> tuple[LatencyBin, ...]:
    """The bins from the first to the last that holds an attempt."""
    bins = [
        LatencyBin(low, high, sum(count for taken, count in ordered if low <= taken / 1_000 < (high or 1e99)))
        for low, high in [*pairwise(EDGES), (EDGES[-1], None)]
    ]
    filled = [number for number, each in enumerate(bins) if each.count]
    return tuple(bins[filled[0] : filled[-1] + 1])
