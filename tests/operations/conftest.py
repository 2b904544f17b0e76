"""What the tests of operations share."""

from __future__ import annotations

from typing import Any

import desk as module
import pytest
from desk import desk, project, server

__all__ = ["desk", "helpers", "project", "server"]


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The names of the module that has these fixtures."""
    return module
