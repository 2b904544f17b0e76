"""A session in a real terminal: commands of the real program, one after the other, in a folder of their own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from picturing.screen import Run, Screen
from picturing.timed_program import TimedProgram

COMMANDS = (
    "sendspec init",
    "sendspec plan specs/hello.yaml",
    "sendspec send specs/hello.yaml --yes",
    "sendspec send specs/hello.yaml --yes",
    "sendspec report specs/hello.yaml",
)
"""The main job: from nothing to a message that everybody got, once, and an account of it."""
COLUMNS, ROWS = 88, 26
TIME = re.compile(r"\b\d+\.(\d+)(?= s\b)")
"""How long something took. The next machine takes another time, so all have the same here."""
PLAN = re.compile(r"(?<=plan )[0-9a-f]{8}…[0-9a-f]{4}")
"""Another release may compose another digest."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A command, and the lines that the terminal showed of it."""

    command: str
    lines: tuple[tuple[Run, ...], ...]

    def text(self) -> str:
        return "\n".join((f"$ {self.command}", *map(plain, self.lines))) + "\n"


def plain(line: Sequence[Run]) -> str:
    text = ""
    for run in line:
        text = text.ljust(run.column) + run.text
    return text


def session(program: TimedProgram, folder: Path, commands: Sequence[str] = COMMANDS) -> list[Shown]:
    """Runs the commands in `folder`, which is empty, in a terminal of our size, a minute after each other."""
    shown = []
    for command in commands:
        screen = Screen(COLUMNS)
        screen.write(TIME.sub(_replaced, _said(command, folder, program)))
        shown.append(Shown(command, tuple(screen.lines())))
        program.let_pass(60)
    return shown


def transcript(shown: Sequence[Shown]) -> str:
    """All of it as text."""
    return "".join(one.text() for one in shown)


def _replaced(took: re.Match[str]) -> str:
    return "0.0" if len(took[1]) == 1 else "0.004"


def _said(command: str, folder: Path, program: TimedProgram) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env={**program.environ(folder), "TERM": "xterm-256color"},
        stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        try:
            while block := os.read(ours, 65_536):
                said += block
        except OSError:  # the other side was closed
            pass
        os.close(ours)
    if process.returncode:
        raise RuntimeError(f"{command}: exit code {process.returncode}\n{said.decode()}")
    return said.decode()
