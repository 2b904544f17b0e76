"""Finds the commit that `plan --base` compares with: the merge base, as a pull request is compared."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import inf
from pathlib import Path
from shlex import quote

from sendspec.diagnostics.exceptions import BaseShallow, BaseUnknown, BaseUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.operations.git_command import GitUnreadable
from sendspec.operations.git_objects import GitObjects

WHOLE_HISTORY = "fetch the whole history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab, or `git fetch --unshallow`"

_FOREIGN = lazy_pattern(r"detected dubious ownership in repository at '([^']+)'")
"""What git says of a folder of another user, as containers of CI services have it."""


@dataclass(frozen=True, slots=True)
class BaseCommit:
    """`ref` is as the user wrote it; `top` is the work tree's root, its links resolved."""

    ref: str
    commit: str
    top: Path
    git: GitObjects


def find_base(ref: str, folder: Path, environ: Mapping[str, str], *, end: float = inf) -> BaseCommit:
    """The commit that HEAD and `ref` both come from; that of `ref` itself if they have none in common.

    `end` is when git has to be done, as `monotonic` counts. Raises `BaseUnusable`.
    """
    git = GitObjects(folder, environ, end=end)
    try:
        top = git.top.resolve()
        named = git.commit(ref)
        if named is None:
            raise _unknown(ref, git)
        return BaseCommit(ref, _compared_with(named, ref, git), top, git)
    except GitUnreadable as error:
        raise unusable(error) from error


def unusable(error: GitUnreadable) -> BaseUnusable:
    foreign = _FOREIGN.search(str(error))
    fix = "run it in a complete clone of the repository, with git installed"
    if foreign is not None:
        fix = f"make the folder this user's own, or trust it: git config --global --add safe.directory {quote(foreign[1])}"
    return BaseUnusable(f"git can't say what the base holds: {error}", fix)


def _compared_with(named: str, ref: str, git: GitObjects) -> str:
    head = git.commit("HEAD")
    found = None if head is None else git.merge_base(named, head)
    if found is None and head is not None and git.is_shallow:
        raise BaseShallow(
            f"this clone is shallow: it lacks the commit that HEAD and '{printable(ref[:200])}' both come from",
            WHOLE_HISTORY,
        )
    return found or named


def _unknown(ref: str, git: GitObjects) -> BaseUnknown:
    problem = f"there is no commit '{printable(ref[:200])}' here"
    if git.is_shallow:
        return BaseUnknown(f"{problem}, in a shallow clone", WHOLE_HISTORY)
    return BaseUnknown(problem, "name a branch, a tag or a commit of this clone, or fetch it first")


def path_in_repository(base: BaseCommit, path: str) -> str:
    """A file's path from the repository's top."""
    return os.path.relpath(os.path.realpath(path), base.top)
