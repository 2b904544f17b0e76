"""What a measurement comes to: a figure held against what it should reach, and the contenders that it was taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Spread, Usage, spread


@dataclass(frozen=True, slots=True)
class Reach:
    """What a figure should be at least, or at most."""

    value: float
    is_least: bool

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.value:g}"

    def is_met(self, found: float) -> bool:
        return found >= self.value if self.is_least else found <= self.value


def at_least(value: float) -> Reach:
    return Reach(value, True)


def at_most(value: float) -> Reach:
    return Reach(value, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`found` None: it can't be measured here, and `note` says why."""

    name: str
    what: str
    found: Spread | None
    unit: str = ""
    reach: Reach | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One contender: messages in a run, messages a second, CPU in µs a message, peak memory in bytes."""

    name: str
    who: str
    messages: int
    per_second: Spread
    cpu: Spread
    memory: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    figures: Sequence[Figure]
    lines: Sequence[Line] = ()


def line(name: str, who: str, messages: int, usages: Sequence[Usage], *, note: str = "") -> Line:
    """The line of a contender whose whole process counts."""
    return timed_line(name, who, messages, usages, [usage.seconds for usage in usages], note=note)


def timed_line(
    name: str, who: str, messages: int, usages: Sequence[Usage], seconds: Sequence[float], *, note: str = ""
) -> Line:
    """The line of a contender that says itself how long it sent; CPU and memory are still those of the whole process."""
    return Line(
        name=name,
        who=who,
        messages=messages,
        per_second=spread([messages / each for each in seconds]),
        cpu=spread([usage.cpu / messages * 1e6 for usage in usages]),
        memory=max(usage.memory for usage in usages),
        note=note,
    )


def ratios(upper: Sequence[float], lower: Sequence[float]) -> Spread:
    """Upper over lower, round by round: both met the same noise."""
    return spread([a / b for a, b in zip(upper, lower, strict=True)])
