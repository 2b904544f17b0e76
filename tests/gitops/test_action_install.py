"""The action's install step, for real: `make try-action`. It needs the package registry, so `make test` leaves it out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hosted_project import FileLedger, HostedProject
from project_dir import SPEC, CountingServer, numbers

PEOPLE = 3
FOREIGN = "raise SystemExit('a file of the checkout runs')\n"


@pytest.mark.registry
def test_the_action_installs_a_sendspec_that_sends(tmp_path: Path, server: CountingServer) -> None:
    """Also from a checkout whose files are called as what Python imports to install."""
    hosted = HostedProject(tmp_path, server, FileLedger(tmp_path))
    python = hosted.service.tools / "python3"
    python.unlink()
    python.symlink_to(os.path.realpath(sys.executable))
    for name in ("pip.py", "venv.py", "venv/__init__.py", "hatchling.py", "sendspec.py", "sendspec/__init__.py"):
        hosted.desk.write(name, FOREIGN)
    hosted.desk.write("specs/hello.yaml", SPEC)
    hosted.desk.write("specs/people.csv", numbers(PEOPLE))
    done = hosted.acted(command="send", environment="production")
    assert (done.result, len(server.posts)) == ("success", PEOPLE), done.log
    [driver] = tmp_path.glob("job-*/**/site-packages/psycopg")
    assert driver.is_dir()
