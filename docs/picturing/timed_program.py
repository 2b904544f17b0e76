"""The program as it is installed, on a clock of our own: otherwise, pictures would differ from day to day."""

from __future__ import annotations

import os
import sys
from pathlib import Path

BEGIN = 1_788_944_400
"""9 September 2026, 9:00 UTC."""
PROGRAM = """#!{python} -I
import itertools, os, sys, time
looks = itertools.count()
time.time = lambda: os.stat({clock!r}).st_mtime + {step} * next(looks)
from sendspec.__main__ import start
sys.argv[0] = "sendspec"
start()
"""


class TimedProgram:
    """`sendspec` in a folder of its own, whose processes share one clock.

    The clock goes on by `let_pass`, and in each process by `step` seconds whenever it is read.
    """

    def __init__(self, folder: Path, step: float) -> None:
        self._folder = folder
        self._clock = folder / "clock"
        self._now = float(BEGIN)
        self._clock.touch()
        self.let_pass(0)
        program = folder / "sendspec"
        program.write_text(PROGRAM.format(python=sys.executable, clock=str(self._clock), step=step), encoding="utf-8")
        program.chmod(0o755)

    def let_pass(self, seconds: float) -> None:
        self._now += seconds
        os.utime(self._clock, (self._now, self._now))

    def environ(self, home: Path) -> dict[str, str]:
        """A user's environment, with nothing of this one."""
        return {"PATH": f"{self._folder}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}
