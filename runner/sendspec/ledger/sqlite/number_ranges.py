"""Ranges of whole numbers, as few as wanted: close ones are joined, at the price of the numbers between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

NumberRange: TypeAlias = tuple[int, int]
"""The first and the last number."""


def joined_ranges(ranges: Iterable[NumberRange], most: int) -> tuple[NumberRange, ...]:
    """At most so many ranges, in order, that cover all of these. Where some have to be joined, those with the least between them are."""
    found: list[NumberRange] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    if len(found) <= most:
        return tuple(found)
    gaps = sorted(range(1, len(found)), key=lambda at: found[at][0] - found[at - 1][1], reverse=True)
    starts = [0, *sorted(gaps[: most - 1])]
    ends = [*(at - 1 for at in starts[1:]), len(found) - 1]
    return tuple((found[start][0], found[end][1]) for start, end in zip(starts, ends, strict=True))
