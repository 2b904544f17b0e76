"""Says that a table changed while it was read."""

from __future__ import annotations

from runner.reading.diagnostic import Diagnostic, Problems
from runner.reading.held_file import HeldFile
from runner.reading.place import FILE_START


def note_change(path: str, file: HeldFile, problems: Problems) -> None:
    """Adds `file-changed` when `file` is not what it was when it was opened."""
    if file.changed():
        problems.add(change_diagnostic(path))


def change_diagnostic(path: str) -> Diagnostic:
    return Diagnostic(
        code="file-changed",
        path=path,
        span=FILE_START,
        problem="the table was changed while it was read",
        fix="start again once nobody writes to it",
    )
