"""What the tests of operations share."""

from __future__ import annotations

from typing import Any

import project_dir as module
import pytest
from project_dir import project, project_dir, server
from server_ledger_project import schema, shared, sql

__all__ = ["helpers", "project", "project_dir", "schema", "server", "shared", "sql"]


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The names of the module that has these fixtures."""
    return module
