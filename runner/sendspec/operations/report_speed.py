"""How fast a send was: what attempts ended in over time, when the send paused, and how long answers took."""

from __future__ import annotations

from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """What attempts ended in during `Throughput.seconds` from `at` (Unix seconds) on. `released`: proved unsent, and tried again."""

    at: int
    accepted: int = 0
    refused: int = 0
    in_doubt: int = 0
    released: int = 0

    @property
    def total(self) -> int:
        return self.accepted + self.refused + self.in_doubt + self.released


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was running for so many seconds behind the bucket with the index `after`."""

    after: int
    seconds: int


class PauseCause(StrEnum):
    """Why the send paused. Used in JSON."""

    THROTTLED = "throttled"
    BACK_OFF = "back_off"


@dataclass(frozen=True, slots=True)
class PauseBand:
    """A pause, in the buckets with the indices `first` to `last`. `words` are the evidence of the first of its `released` attempts."""

    first: int
    last: int
    cause: PauseCause
    words: str
    released: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """`seconds` is the width of a bucket. The buckets of a stretch without a gap follow each other without one missing."""

    seconds: int = 1
    buckets: tuple[Bucket, ...] = ()
    gaps: tuple[Gap, ...] = ()
    bands: tuple[PauseBand, ...] = ()


@dataclass(frozen=True, slots=True)
class LatencyBin:
    """Attempts that took `low` seconds or more, and less than `high`; None: without end."""

    low: float
    high: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds from claim to result, of attempts that their own run settled. None without any."""

    count: int = 0
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    max: float | None = None
    histogram: tuple[LatencyBin, ...] = ()
