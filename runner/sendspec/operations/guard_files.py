"""The files that decide on limits, recipients and approvals, and which of them a base has otherwise."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.identity import LOCK_FILE
from sendspec.operations.base_commit import BaseCommit, path_in_repository, unusable
from sendspec.operations.git_command import GitUnreadable
from sendspec.operations.git_objects import LINK_MODE
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.project import PROJECT_FILE_NAME

MAX_COMPARED = 64_000_000
"""Bytes of a file that is compared. A larger one with another size differs; one with the same size is not looked into."""


def guards(context: ProjectContext, root: str) -> list[str]:
    """The project's file, its ledgers' identities, its prices, and the files of its environments that say who approves, and who gets nothing.

    `root` is the project's folder. The paths begin with it.
    """
    environments = context.project.environments.values()
    approvals = [each.approvals for each in environments if each.approvals is not None]
    named = [written for each in approvals for written in (each.approvers, each.revoked) if written is not None]
    named += [file.written for each in environments for file in each.suppress]
    named += [] if context.project.prices is None else [context.project.prices.written]
    files = [PROJECT_FILE_NAME, LOCK_FILE, *named]
    return list(dict.fromkeys(os.path.normpath(os.path.join(root, file)) for file in files))  # noqa: PTH118 - as git writes it


def guard_warnings(ref: str, top: Path, paths: Collection[str]) -> Iterator[Diagnostic]:
    """A warning of each of these files, which differ from the base `ref`. The paths are those from the top of the repository."""
    for path in paths:
        yield Problem(
            "guard-changed",
            f"this file differs from '{printable(ref[:200])}', and decides on limits, recipients or approvals",
            "have its owners review it: the plan already goes by it",
        ).diagnostic(_shown(top / path), severity=Severity.WARNING)


def changed_guards(base: BaseCommit, context: ProjectContext) -> list[Diagnostic]:
    """Warnings of the guards that the work tree has otherwise than the base. Raises `BaseUnusable`."""
    try:
        paths = guards(context, path_in_repository(base, str(context.root)))
        differing = [path for path in paths if _differs(base, path)]
    except GitUnreadable as error:
        raise unusable(error) from error
    return list(guard_warnings(base.ref, base.top, differing))


def _differs(base: BaseCommit, path: str) -> bool:
    """Whether a file has another content, line ends aside, or only one side has it."""
    place = base.top / path
    if path.startswith(".."):
        return False
    entry = base.git.entry(base.commit, path)
    if entry is None or not os.path.lexists(place):
        return os.path.lexists(place) or entry is not None
    if place.is_symlink() or not place.is_file() or not entry.is_file:
        return not (place.is_symlink() and entry.mode == LINK_MODE)
    sizes = place.stat().st_size, base.git.sizes([entry.object]).get(entry.object, -1)
    if max(sizes) > MAX_COMPARED:
        return sizes[0] != sizes[1]
    if sizes[1] < 0:
        return True  # this clone lacks it
    [(_, content)] = base.git.contents([entry.object])
    return content.replace(b"\r\n", b"\n") != place.read_bytes().replace(b"\r\n", b"\n")


def _shown(place: Path) -> str:
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else place.name
