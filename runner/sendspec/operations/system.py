"""What the machine gives an operation: environment variables, clock, standard input, and the process that runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`command` names this process to a second run, which finds the ledger locked.

    `stdin` is what recipients given as `-` are read from; None where there is nothing to read. `local_time` is a moment as it reads here.
    `tell` hears what is waited for.
    """

    environ: Mapping[str, str]
    clock: Clock
    command: str
    stdin: BinaryIO | None = None
    local_time: Callable[[datetime], datetime] = datetime.astimezone
    tell: Callable[[str], None] = lambda words: None

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    @property
    def is_ci(self) -> bool:
        return self.environ.get("CI", "").lower() not in ("", "0", "false")

    @property
    def since(self) -> str:
        """The present time as the run lock's file states it."""
        return self.now.isoformat(timespec="seconds")


def boot_time() -> float:
    """Seconds that also count while the machine sleeps, on a system that has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _random() -> float:
    """A number from 0 to 1. Few commands need one, and the module takes long to import."""
    import random

    return random.random()


def real_clock() -> Clock:
    return Clock(monotonic=boot_time, wall=time.time, sleep=time.sleep, random=_random)


def real_system(
    command: str,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    stdin: BinaryIO | None = None,
    tell: Callable[[str], None] = lambda words: None,
) -> System:
    """The machine that this process runs on; `environ` and `clock` take the place of the real ones."""
    return System(
        environ=os.environ if environ is None else environ,
        clock=real_clock() if clock is None else clock,
        command=command,
        stdin=stdin,
        tell=tell,
    )
