"""What the tests of faults share: a project with people in it, and the check that has to hold after every fault."""

from __future__ import annotations

from typing import Any

import pytest
from desk import SPEC, CountingServer, Desk, desk, numbers, project, server
from standard import StandardCheck

__all__ = ["desk", "project", "server"]

PEOPLE = 40


@pytest.fixture
def ready(project: Desk) -> Desk:
    """A project with a spec for 40 people."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(PEOPLE))
    return project


@pytest.fixture
def standard(ready: Desk, server: CountingServer) -> StandardCheck:
    """To be called after a fault: goes on without faults, and checks what must always hold."""
    return StandardCheck(ready, server)


@pytest.fixture
def busy(ready: Desk) -> Any:
    """Sets how many requests may be in flight, and how long one may take in seconds."""

    def change(*, concurrency: int = 8, timeout: float = 10) -> None:
        path = ready.folder / "sendspec.yaml"
        text = path.read_text().replace("timeout: 2", f"timeout: {timeout}, concurrency: {concurrency}")
        path.write_text(text)

    return change
