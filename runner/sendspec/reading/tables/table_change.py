"""Reports a table that changed while it was read."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.problem import Problem
from sendspec.reading.files.input_file import InputFile


def note_change(path: str, file: InputFile, problems: Problems) -> None:
    """Adds `file-changed` if `file` has changed since it was opened."""
    if file.changed():
        problems.add(change_diagnostic(path))


def change_diagnostic(path: str) -> Diagnostic:
    return _CHANGED.diagnostic(path)


_CHANGED = Problem(
    "file-changed", "the table was changed while it was read", "run the command again when nothing writes to it"
)
