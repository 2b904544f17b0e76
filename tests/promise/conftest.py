"""What the tests of the promise share: a project with people in it, and a server that counts."""

from __future__ import annotations

import pytest
from desk import SPEC, Desk, desk, numbers, project, server

__all__ = ["desk", "project", "server"]

PEOPLE = 20


@pytest.fixture
def ready(project: Desk) -> Desk:
    """A project with a spec for 20 people, and a ledger that has sent nothing."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(PEOPLE))
    return project
