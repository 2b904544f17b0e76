"""Ctrl-C before the first claim stops a send, also where a library swallows what it raises."""

from __future__ import annotations

import os
import subprocess
import sys

from project_dir import CountingServer, ProjectDir

INTERRUPTED = """
import os, signal, sys
import jsonschema_rs
from sendspec.cli.main import main

real = jsonschema_rs.validator_for

class Swallows:
    def __del__(self):  # what is raised here is shown, and ignored
        os.kill(os.getpid(), signal.SIGINT)
        sum(range(1_000))

def validator_for(*arguments, **more):
    Swallows()
    return real(*arguments, **more)

jsonschema_rs.validator_for = validator_for
main(sys.argv[1:])
"""


def test_ctrl_c_that_a_library_swallows_still_stops_the_send(ready: ProjectDir, server: CountingServer) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "send", "hello.yaml", "--env", "test", "--yes"], cwd=ready.folder,
        env={**os.environ, **ready.environ}, capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 130, done.stdout + done.stderr
    assert server.posts == []
