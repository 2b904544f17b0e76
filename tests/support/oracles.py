"""Other people's programs that tests compare with, run by node: `tests/oracles` pins them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "oracles"
MODULES = FOLDER / "node_modules"
IN_CI = bool(os.environ.get("CI"))


def oracle_file(path: str) -> Path:
    """A file of a package that `tests/oracles` pins. Without npm a test is skipped on a developer's machine, and fails in CI."""
    if shutil.which("npm") is None:
        (pytest.fail if IN_CI else pytest.skip)("npm is not installed; what is compared with comes from there")
    _install()
    return MODULES / path


def run_oracle(script: str, *arguments: str, stdin: str = "") -> str:
    """What `tests/oracles/<script>` prints. Without node a test is skipped on a developer's machine, and fails in CI."""
    node = shutil.which("node")
    if node is None:
        (pytest.fail if IN_CI else pytest.skip)("node is not installed; what is compared with comes from npm")
    _install()
    done = subprocess.run(
        [str(node), str(FOLDER / script), *arguments], input=stdin, capture_output=True, text=True, timeout=300, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout


def _install() -> None:
    """Installs what the lock file pins, unless that is done; one process at a time."""
    lock = FOLDER / "package-lock.json"
    with (FOLDER / ".npmrc").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        mark = MODULES / ".installed"
        if mark.exists() and mark.read_bytes() == lock.read_bytes():
            return
        done = subprocess.run(["npm", "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3_000:]
        mark.write_bytes(lock.read_bytes())
