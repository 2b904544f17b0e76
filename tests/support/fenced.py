"""A command with little time and memory of its own: whatever takes more is killed, and says so by its exit code."""

from __future__ import annotations

import os
import resource
import subprocess
from functools import partial

from desk import Desk, Done

CPU_SECONDS = 15
"""Of the processor's time, starting included: ten times what the slowest may take, and less than what any bomb took."""

MEMORY_BYTES = 1 << 30


def run_fenced(desk: Desk, *arguments: str, memory_bytes: int = MEMORY_BYTES) -> Done:
    """As `desk.run`, within these limits. A negative exit code is a signal's: the processor's time was used up."""
    ended = subprocess.run(
        desk.command(*arguments), cwd=desk.folder, env={**os.environ, **desk.environ}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=300, check=False, preexec_fn=partial(_fence, memory_bytes),
    )  # fmt: skip
    return Done(ended.returncode, ended.stdout, ended.stderr)


def _fence(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
