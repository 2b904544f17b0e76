"""The files that a preview depends on: the specs, the project file, and the files that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.identity import LOCK_FILE
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.files.confined_path import real_folder, shown_path
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.spec import FileRecipients, read_spec


def followed_files(specs: Sequence[str], recipients: str | None, context: ProjectContext | None) -> tuple[str, ...]:
    """The paths, each once, whether or not there are such files. Of a spec that can't be read, what it names isn't known."""
    return tuple(dict.fromkeys(_files(specs, recipients, context)))


def _files(specs: Sequence[str], recipients: str | None, context: ProjectContext | None) -> Iterator[str]:
    yield from specs
    yield from _project_files(specs)
    if recipients is not None:
        yield recipients
    for path in specs:
        spec = read_spec(path, Problems())
        if spec is None:
            continue
        if recipients is None and isinstance(spec.recipients, FileRecipients):
            yield shown_path(path, spec.recipients.file)
        yield from (file.path for file in spec.suppress)
    if context is not None:
        yield str(context.root / LOCK_FILE)
        yield from (file.path for file in context.environment.suppress)
        if context.project.prices is not None:
            yield context.project.prices.path


def _project_files(specs: Sequence[str]) -> Iterator[str]:
    """Where `find_project` looks, up to the file that it finds: one that appears there is the project file from then on."""
    for spec in specs:
        try:
            start = real_folder(spec)
        except (ValueError, OSError):
            start = Path.cwd()
        for folder in (start, *start.parents):
            yield str(folder / PROJECT_FILE_NAME)
            if os.path.lexists(folder / PROJECT_FILE_NAME) or os.path.lexists(folder / ".git"):
                break
