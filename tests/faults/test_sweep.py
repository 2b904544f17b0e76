"""Killed at the nth write, sync and send that the process makes, one after the other."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest
from invariants import InvariantCheck
from long_rows import all_but
from project_dir import CountingServer, ProjectDir

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
CALLS = ("pwrite64", "fdatasync", "sendto")
SHORT = (1, 6, 17, 40)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`--sweep 500` goes through every one of them up to the 500th."""
    most = metafunc.config.getoption("--sweep")
    metafunc.parametrize("nth", range(1, most + 1) if most else all_but([17], SHORT))


@pytest.mark.parametrize("call", CALLS)
def test_killed_at_that_call_nothing_is_lost_or_repeated(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck, call: str, nth: int
) -> None:
    busy(concurrency=4)
    done = subprocess.run(
        [
            "strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:signal=SIGKILL:when={nth}", *ready.command(*SEND),
        ],
        cwd=ready.folder, env={**os.environ, **ready.environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL, 0), done.stderr
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40
    assert totals["in_doubt"] <= 4
