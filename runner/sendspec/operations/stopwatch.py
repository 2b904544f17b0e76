"""Times the stages of a command, one after another: wall time, and CPU time of this process and of its ended children."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from dataclasses import field

from sendspec.diagnostics.lazy_dataclass import dataclass

KILOBYTE = 1 if sys.platform == "darwin" else 1024
"""The unit of `ru_maxrss`, in bytes; see getrusage(2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """Seconds. `seconds` is None for the start of the process, whose beginning no clock of ours has seen."""

    stage: str
    seconds: float | None
    cpu_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """`rows` is the number of rows composed. `peak_bytes` is the most memory that one process of the command has had."""

    stages: tuple[StageTime, ...]
    rows: int
    peak_bytes: int

    @property
    def cpu_seconds(self) -> float:
        return sum(stage.cpu_seconds for stage in self.stages)


def cpu_seconds() -> float:
    """CPU of this process since its start, and of the children that it has waited for."""
    return sum(os.times()[:4])


def peak_bytes() -> int:
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return most * KILOBYTE


@dataclass(slots=True)
class Stopwatch:
    """`clock` gives seconds that only grow. The first stage is the start of the process."""

    clock: Callable[[], float]
    _stages: list[StageTime] = field(default_factory=list)
    _wall: float = field(init=False)
    _cpu: float = field(init=False)

    def __post_init__(self) -> None:
        self._wall, self._cpu = self.clock(), cpu_seconds()
        self._stages.append(StageTime(stage="start the program", seconds=None, cpu_seconds=self._cpu))

    def lap(self, stage: str) -> None:
        """Ends a stage: what was done since the one before."""
        wall, cpu = self.clock(), cpu_seconds()
        self._stages.append(StageTime(stage=stage, seconds=wall - self._wall, cpu_seconds=cpu - self._cpu))
        self._wall, self._cpu = wall, cpu

    def timings(self, rows: int) -> Timings:
        return Timings(stages=tuple(self._stages), rows=rows, peak_bytes=peak_bytes())
