"""An interactive shell at a terminal, as somebody has who presses the tabulator."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from oracles import IN_CI
from readiness import is_readable

_AT_TERMINAL = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execvp(sys.argv[1], sys.argv[1:])"  # its own terminal
SECONDS = 60


def shell_program(name: str) -> str:
    """Without the shell a test is skipped on a developer's machine, and fails in CI."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if IN_CI else pytest.skip)(f"{name} is not installed; .ci/run installs it")
    return str(found)


class ShellSession:
    """Types into a shell and reads what it prints; everything is waited for, nothing slept for."""

    def __init__(self, command: list[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _AT_TERMINAL, *command], cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._number = 0

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read_until(self, mark: str) -> str:
        """What is printed up to `mark`."""
        printed, end = "", time.monotonic() + SECONDS
        while mark not in printed:
            ready = is_readable(self._ours, end - time.monotonic())
            assert ready, f"the shell never printed {mark!r}, but: {printed!r}"
            printed += os.read(self._ours, 65_536).decode(errors="replace")
        return printed.partition(mark)[0]

    def run(self, line: str) -> None:
        """Runs a command, and waits until it has ended."""
        self._number += 1
        self.type(f'{line}; echo done""-{self._number}\n')
        self.read_until(f"done-{self._number}\r\n")

    def completed(self, line: str) -> list[str]:
        """The words of `line` after the tabulator: Ctrl-A puts a command before them that prints them, as `[word]`."""
        self._number += 1
        self.type(f"{line}\t\x01shown {self._number} \n")
        printed = self.read_until(f"end-{self._number}\r\n").rpartition(f"begin-{self._number}\r\n")[2]
        return [word[1:-1] for word in printed.split("\r\n") if word.startswith("[")]

    def close(self) -> None:
        self._process.kill()
        self._process.wait(30)
        os.close(self._ours)
