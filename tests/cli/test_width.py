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
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    done = subprocess.run(
        project.command("plan", "hello.yaml", "--env", "test", "--color", "never"), cwd=project.folder,
        env={**os.environ, **project.environ}, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, check=False, timeout=60,
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert len(shown.splitlines()[0]) == expected
