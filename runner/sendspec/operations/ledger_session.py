"""The environment's ledger, held: locked, checked, and open to write."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sendspec.ledger.access import hold
from sendspec.ledger.protocol import Ledger
from sendspec.operations.lock_file import needed_identity
from sendspec.operations.project_context import ProjectContext, on_ci, this_process


def ledger_to_write(
    workspace: ProjectContext, tell: Callable[[str], None] = lambda words: None
) -> AbstractContextManager[Ledger]:
    """The environment's ledger under its run lock, checked; sending never makes one. `tell` hears what takes its time."""
    return hold(
        workspace.environment.ledger,
        needed_identity(workspace),
        this_process(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        ci=on_ci(os.environ),
        tell=tell,
    )
