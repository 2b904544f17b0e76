"""Specs as a command line names them, by file or by name, and the words that name them in the next command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice

from sendspec.diagnostics.redaction import printable
from sendspec.ledger.protocol import Facts
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.status import SpecStatus
from sendspec.reading.spec_name import NAME

MAX_FOLDERS = 1_000


def paths_and_names(specs: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of a command line that are paths of specs, and those that are names of specs, because no file is called so."""
    names = [word for word in specs if NAME.fullmatch(word) and not os.path.lexists(word)]
    return [word for word in specs if word not in names], names


def folder_with_ledger(context: ProjectContext) -> str:
    """The first folder here with a ledger of its own, as specs without a project file have; empty if there is none, or there is a project."""
    if context.project.path is not None:
        return ""
    with os.scandir(context.root) as entries:
        folders = sorted(each.name for each in islice(entries, MAX_FOLDERS) if each.is_dir(follow_symlinks=False))
    return next((printable(name) for name in folders if (context.root / name / ".sendspec/sandbox.db").is_file()), "")


def environment_words(context: ProjectContext, env: str | None) -> str:
    """How the next command names the environment, behind everything else."""
    return "" if env in (None, context.project.default_environment) else f" --env {env}"


def spec_paths(context: ProjectContext, ledger: Facts | None, statuses: Sequence[SpecStatus]) -> dict[str, str]:
    """The paths of specs as the ledger noted them, seen from the working directory, by name."""
    noted = {status.name: ledger.spec_path(status.name) for status in statuses if ledger is not None}
    return {name: os.path.relpath(context.root / path) for name, path in noted.items() if path is not None}
