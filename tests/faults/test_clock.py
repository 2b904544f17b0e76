"""The clock is set while a send is under way: nothing waits for ever, and what is in doubt is still found."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from invariants import InvariantCheck, totals_of
from long_rows import all_but
from project_dir import Answer, CountingServer, ProjectDir, Request

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
JUMPS = """
import sys, time
real, calls, jump = time.time, [0], float(sys.argv.pop(1))
def jumping():
    calls[0] += 1
    return real() + (jump if calls[0] > 6 else 0.0)
time.time = jumping
from sendspec.cli.main import main
main(sys.argv[1:])
"""
DAY = 86_400


@pytest.mark.parametrize("jump", all_but([365 * DAY, -DAY], [365 * DAY, DAY, -DAY, -365 * DAY]))
def test_a_clock_that_is_set_changes_neither_waits_nor_what_is_found(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, jump: float
) -> None:
    def decide(number: int, request: Request) -> Answer:
        return Answer(drop=True, taken=True) if number == 30 else Answer()

    server.decide = decide
    done = subprocess.run(
        [sys.executable, "-c", JUMPS, str(jump), *SEND], cwd=ready.folder, env={**os.environ, **ready.environ},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert totals_of(done.stdout)["accepted"] == 39
    assert invariants()["accepted"] == 40


def test_deadlines_count_the_time_that_the_machine_slept() -> None:
    """CLOCK_BOOTTIME goes on while a machine is suspended; CLOCK_MONOTONIC does not (clock_gettime(2))."""
    import time

    from sendspec.operations.system import real_clock

    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= real_clock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)
