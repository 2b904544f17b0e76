"""Runs a command with limits on its time and memory. One that exceeds them is killed, and its exit code shows it."""

from __future__ import annotations

from project_dir import Done, ProjectDir

CPU_SECONDS = 15
"""Of the processor's time: ten times what the slowest may take, and less than what any bomb took."""

MEMORY_BYTES = 1 << 30


def run_fenced(project_dir: ProjectDir, *arguments: str, memory_bytes: int = MEMORY_BYTES) -> Done:
    """As `project_dir.run`, within these limits. A negative exit code is a signal's: the processor's time was used up."""
    limits = {"RLIMIT_CPU": CPU_SECONDS, "RLIMIT_AS": memory_bytes}
    return project_dir.run(*arguments, timeout=300, limits=limits)
