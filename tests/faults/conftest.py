"""What the tests of faults share: a project with people in it, and the check that has to hold after every fault."""

from __future__ import annotations

from typing import Any

import pytest
from project_dir import ProjectDir, project, project_dir, server
from server_ledger_project import schema, shared, sql
from shared_fixtures import invariants, ready, small

__all__ = ["invariants", "project", "project_dir", "ready", "schema", "server", "shared", "small", "sql"]


@pytest.fixture
def busy(ready: ProjectDir) -> Any:
    """Sets how many requests may be in flight, and how long one may take in seconds."""

    def change(*, concurrency: int = 8, timeout: float = 10) -> None:
        path = ready.folder / "sendspec.yaml"
        text = path.read_text().replace("timeout: 2", f"timeout: {timeout}, concurrency: {concurrency}")
        path.write_text(text)

    return change
