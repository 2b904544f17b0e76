"""What the hostile tests share: a project with people in it, and the check that has to hold at the end."""

from __future__ import annotations

from typing import Any

import desk as module
import pytest
from desk import SPEC, CountingServer, Desk, desk, numbers, project, server
from standard import StandardCheck

__all__ = ["desk", "helpers", "project", "server"]

PEOPLE = 40


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The names of the module that has these fixtures."""
    return module


@pytest.fixture
def ready(project: Desk) -> Desk:
    """A project with a spec for 40 people, and a ledger that has sent nothing."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(PEOPLE))
    return project


@pytest.fixture
def standard(ready: Desk, server: CountingServer) -> StandardCheck:
    """Goes on without faults, and checks what must always hold."""
    return StandardCheck(ready, server)
