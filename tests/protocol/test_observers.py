"""What observes messages can't move them: it never gets hold of what writes to a ledger."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import sendspec

PACKAGE = Path(sendspec.__file__).parent
OBSERVES = re.compile(r"\.observe\(|\.put_signals\(|\bDeliveryStore\b|\bObservation\(")
MOVING = frozenset(
    {"Ledger", "Claims", "Claim", "Change", "Settlement", "Move", "MOVES", "MOVE_BY_NAME", "ledger_to_write", "hold"}
)
"""Names of what claims, settles or moves a message."""


def test_no_module_that_observes_messages_can_move_them() -> None:
    observers = {
        path.relative_to(PACKAGE): path for path in PACKAGE.rglob("*.py") if OBSERVES.search(path.read_text("utf-8"))
    }
    assert len(observers) >= 8
    assert Path("sending/report_match.py") in observers
    moving = {str(name): sorted(imported(path) & MOVING) for name, path in observers.items()}
    assert {name: found for name, found in moving.items() if found} == {}


def imported(path: Path) -> set[str]:
    """The names that a module imports, also under another name, and the last part of modules."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.rpartition(".")[2] for alias in node.names}
    return found
