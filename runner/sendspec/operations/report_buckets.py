"""Outcomes over time: counted by the second, and laid out in few buckets with the gaps between runs left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sendspec.operations.report_speed import Bucket, Gap

WIDTHS = (1, 2, 10, 30, 60, 120, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400)
"""Widths of buckets in seconds, each a multiple of the one before. Wider ones double."""
MAX_BUCKETS = 120
MAX_COUNTED = 8_192
Stretch = tuple[float, float]


def wider(width: int) -> int:
    return next((each for each in WIDTHS if each > width), width * 2)


class TimedCounts:
    """Counts of four kinds of outcome over time, in bounded memory: with too many moments told apart, fewer are."""

    def __init__(self) -> None:
        self.width = 1
        self._counts: dict[int, list[int]] = {}

    def cell(self, at: float) -> list[int]:
        """The counts at a moment, by kind of outcome in the order of `Bucket`: to be added to before the next call."""
        slot = int(at // self.width)
        counts = self._counts.get(slot)
        if counts is not None:
            return counts
        while len(self._counts) >= MAX_COUNTED:
            self._widen(wider(self.width))
        return self._counts.setdefault(int(at // self.width), [0, 0, 0, 0])

    def _widen(self, width: int) -> None:
        self._counts, self.width = dict(self.in_slots(width)), width

    def in_slots(self, width: int) -> Iterator[tuple[int, list[int]]]:
        """The counts in slots of a width that is a multiple of the present one; slots without any are left out."""
        found: dict[int, list[int]] = {}
        for slot, counts in self._counts.items():
            total = found.setdefault(slot * self.width // width, [0, 0, 0, 0])
            for kind, count in enumerate(counts):
                total[kind] += count
        return iter(sorted(found.items()))


def laid_out(counts: TimedCounts, stretches: Sequence[Stretch]) -> tuple[int, tuple[Bucket, ...], tuple[Gap, ...]]:
    """Width, buckets and gaps. `stretches` are when runs were sending, as first and last moment, in any order.

    An outcome that stands outside of them, because a clock was set, has a bucket too.
    """
    width = counts.width
    counted = [(slot * width, slot * width) for slot, _ in counts.in_slots(width)]
    stretches = [*stretches, *counted]
    slots = _slots(stretches, width)
    while sum(last - first + 1 for first, last in slots) > MAX_BUCKETS:
        width = wider(width)
        slots = _slots(stretches, width)
    found: Mapping[int, list[int]] = dict(counts.in_slots(width))
    buckets: list[Bucket] = []
    gaps: list[Gap] = []
    for number, (first, last) in enumerate(slots):
        if number:
            gaps.append(Gap(len(buckets) - 1, (first - slots[number - 1][1] - 1) * width))
        buckets += [Bucket(slot * width, *found.get(slot, ())) for slot in range(first, last + 1)]
    return width, tuple(buckets), tuple(gaps)


def index_at(buckets: Sequence[Bucket], width: int, at: float) -> int:
    """The index of the bucket that holds a moment, or of the last one before it; 0 if it is before all."""
    slot = int(at // width) * width
    low, high = 0, len(buckets)
    while low < high:
        middle = (low + high) // 2
        if buckets[middle].at <= slot:
            low = middle + 1
        else:
            high = middle
    return max(0, low - 1)


def _slots(stretches: Sequence[Stretch], width: int) -> list[tuple[int, int]]:
    """The stretches in slots of this width; those that touch are one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(stretches):
        first, last = int(begin // width), int(max(begin, end) // width)
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
