"""Says that a table changed while it was read."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.position import FILE_START
from sendspec.reading.files.stable_file import StableFile


def note_change(path: str, file: StableFile, problems: Problems) -> None:
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
