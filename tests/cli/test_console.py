"""A plan fits the terminal that it is shown in."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios

import pytest
from project_dir import ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: [{phone: "+447700900001"}]
message:
  body: {type: text, text: {text: Hi}}
"""


@pytest.mark.parametrize(("columns", "expected"), [(60, 60), (80, 80), (200, 88), (0, 88)])
def test_the_first_line_of_a_plan_fits_the_terminal(project: ProjectDir, columns: int, expected: int) -> None:
    (project.folder / "hello.yaml").write_text(SPEC, encoding="utf-8")
    assert len(shown(project, columns, "plan", "hello.yaml", "--env", "test", "--color", "never")[0]) == expected


@pytest.mark.parametrize("command", [["send", "--help"], ["explain", "limit-messages", "--color", "never"]])
def test_help_fits_a_narrow_terminal_without_breaking_a_word(project: ProjectDir, command: list[str]) -> None:
    lines = [line.rstrip() for line in shown(project, 40, *command)]
    assert [line for line in lines if len(line) > 40] == []
    assert max(map(len, lines)) > 30


def shown(project: ProjectDir, columns: int, *command: str) -> list[str]:
    """The lines that a command writes to a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    done = subprocess.run(
        project.command(*command), cwd=project.folder,
        env={**os.environ, **project.environ}, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, check=False, timeout=60,
    )  # fmt: skip
    os.close(theirs)
    read = os.read(ours, 20_000).decode()
    os.close(ours)
    assert done.returncode == 0
    return read.splitlines()
