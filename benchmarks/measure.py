"""One process measured: wall time, CPU and memory of it and all that it started; and medians of runs taken in turn."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO

from benchmarks.material import environ

SAMPLE_SECONDS = 0.01
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MAX_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The tree of processes at one moment (CLOCK_MONOTONIC): CPU seconds so far; memory in bytes.

    A page that processes share is counted in each of them: the true figure is lower, never higher.
    """

    moment: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """`memory` is the peak in bytes: of one process exactly, of several the highest sample. `out` is what was printed.

    `begun` is a moment of CLOCK_MONOTONIC.
    """

    begun: float
    seconds: float
    cpu: float
    memory: int
    out: str
    samples: Sequence[Sample] = field(repr=False)

    def cpu_between(self, begin: float, end: float) -> float:
        """CPU seconds between two moments, read off the samples."""
        return _at(self.samples, end) - _at(self.samples, begin)


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several runs, and how far apart they lie."""

    middle: float
    low: float
    high: float
    runs: int


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values), len(values))


def measured(command: Sequence[str], folder: Path, *, expect: int = 0, quiet: bool = False) -> Usage:
    """Runs a command to its end. Raises where it ends otherwise than expected: a figure of a failure is none."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        printing = subprocess.DEVNULL if quiet else out
        process = subprocess.Popen(
            command, cwd=folder, env=environ(), stdin=subprocess.DEVNULL, stdout=printing, stderr=err
        )
        watch = _Watch(process.pid)
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        ended = time.monotonic()
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.end()
        printed = _text(out)
        if process.returncode != expect:
            said = printed[-MAX_SHOWN:] + _text(err)[-MAX_SHOWN:]
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    cpu = used.ru_utime + used.ru_stime
    together = max((sample.memory for sample in watch.samples), default=0)
    samples = [Sample(begun, 0.0, 0), *watch.samples, Sample(ended, cpu, 0)]
    return Usage(
        begun=begun,
        seconds=ended - begun,
        cpu=cpu,
        memory=max(used.ru_maxrss * 1024, together),
        out=printed,
        samples=samples,
    )


def in_turn(contenders: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, list[Usage]]:
    """Every contender once a round, so that whatever else the machine does meets them all."""
    found: dict[str, list[Usage]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            found[name].append(run())
    return found


class _Watch(threading.Thread):
    """Looks at a tree of processes a hundred times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self._pid = pid
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            pids = _tree(self._pid)
            moment, cpu = time.monotonic(), sum(map(_cpu_of, pids))
            if cpu:
                self.samples.append(Sample(moment, cpu, sum(map(_memory_of, pids))))

    def end(self) -> None:
        self._over.set()
        self.join()


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process and of all that it started, so far."""
    return sum(map(_cpu_of, _tree(pid)))


def _tree(pid: int) -> list[int]:
    found, new = [pid], [pid]
    while new:
        new = [child for parent in new for child in _children(parent)]
        found += new
    return found


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it has ended
        return []
    return [int(child) for thread in threads for child in _read(thread / "children").split()]


def _cpu_of(pid: int) -> float:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS if len(fields) > 15 else 0.0


def _memory_of(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * PAGE if len(fields) > 1 else 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:  # it has ended
        return ""


def _at(samples: Sequence[Sample], moment: float) -> float:
    for before, after in zip(samples, samples[1:], strict=False):
        if before.moment <= moment <= after.moment:
            share = (moment - before.moment) / max(1e-9, after.moment - before.moment)
            return before.cpu + share * (after.cpu - before.cpu)
    return samples[-1].cpu if moment > samples[-1].moment else 0.0


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
