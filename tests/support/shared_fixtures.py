"""Fixtures that several folders of tests share: a project with recipients, its invariants, and a small disk for its ledger."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from invariants import InvariantCheck
from project_dir import SPEC, CountingServer, ProjectDir, numbers

PEOPLE = 40


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    """A project with a spec for 40 people, and a ledger that has sent nothing."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(PEOPLE))
    return project


@pytest.fixture
def invariants(ready: ProjectDir, server: CountingServer) -> InvariantCheck:
    """Goes on without faults, and checks what must always hold."""
    return InvariantCheck(ready, server)


@pytest.fixture
def small(ready: ProjectDir) -> Iterator[Path]:
    """The ledger's folder on a file system of its own, of 8 MB."""
    folder = ready.folder / ".sendspec"
    moved = ready.folder / "moved"
    folder.rename(moved)
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", str(folder)], check=True)
    for path in moved.iterdir():
        shutil.copy2(path, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()
        moved.rename(folder)
