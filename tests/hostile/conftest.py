"""What the tests of what is hostile share: a project with people in it, and the check that has to hold at the end."""

from __future__ import annotations

from typing import Any

import desk as module
import pytest
from desk import desk, project, server
from shared_fixtures import invariants, ready, small

__all__ = ["desk", "helpers", "invariants", "project", "ready", "server", "small"]


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The names of the module that has these fixtures."""
    return module
