"""What the command-line tests share."""

from __future__ import annotations

from typing import Any

import project_dir as module
import pytest
from project_dir import project, project_dir, server

__all__ = ["helpers", "project", "project_dir", "server"]


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The names of the module that has these fixtures."""
    return module
