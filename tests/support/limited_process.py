"""Runs a command with limits on its time and memory. One that exceeds them is killed, and its exit code shows it."""

from __future__ import annotations

import os
import resource
import subprocess
from functools import partial

from project_dir import Done, ProjectDir

CPU_SECONDS = 15
"""Of the processor's time, starting included: ten times what the slowest may take, and less than what any bomb took."""

MEMORY_BYTES = 1 << 30


def run_fenced(project_dir: ProjectDir, *arguments: str, memory_bytes: int = MEMORY_BYTES) -> Done:
    """As `project_dir.run`, within these limits. A negative exit code is a signal's: the processor's time was used up."""
    ended = subprocess.run(
        project_dir.command(*arguments), cwd=project_dir.folder, env={**os.environ, **project_dir.environ}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=300, check=False, preexec_fn=partial(_fence, memory_bytes),
    )  # fmt: skip
    return Done(ended.returncode, ended.stdout, ended.stderr)


def _fence(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
