"""What the tests of what is hostile share: a project with people in it, and the check that has to hold at the end."""

from __future__ import annotations

from typing import Any

import project_dir as module
import pytest
from project_dir import project, project_dir, server
from shared_fixtures import invariants, ready, small

__all__ = ["helpers", "invariants", "project", "project_dir", "ready", "server", "small"]


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The names of the module that has these fixtures."""
    return module
