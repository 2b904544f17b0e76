"""Commands started in processes of their own, for tests that interfere while they run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

from project_dir import Answer, CountingServer, ProjectDir, Request
from warm_process import StartedCommand

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")


def started(project_dir: ProjectDir) -> StartedCommand:
    """A send."""
    return project_dir.started(*SEND)


def run_script(project_dir: ProjectDir, script: str, *arguments: str) -> StartedCommand:
    """A send in a process that does something to itself first."""
    return project_dir.started(*arguments, *SEND, script=script)


def started_by(project_dir: ProjectDir, *prefix: str, **more: Any) -> subprocess.Popen[str]:
    """A send in a process that starts in a way of its own: `prefix` is what starts it, as `strace` would."""
    return launched(project_dir, *prefix, *project_dir.command(*SEND), **more)


def launched(project_dir: ProjectDir, *command: str, **more: Any) -> subprocess.Popen[str]:
    """A process in the project's folder, with its environment and without input."""
    usual = {
        "env": {**os.environ, **project_dir.environ}, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }  # fmt: skip
    return subprocess.Popen(command, cwd=project_dir.folder, text=True, **{**usual, **more})


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def holding(server: CountingServer, answered: int) -> Callable[[int, Request], Answer]:
    """All answers but the first `answered` wait until the server is released: so many requests stay on the wire."""

    def decide(number: int, request: Request) -> Answer:
        if number > answered:
            server.released.wait(300)
        return Answer()

    return decide
