"""What git's attributes say of files: which of them a checkout would have otherwise than git's objects."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sendspec.operations.git_command import Git
from sendspec.operations.untrusted.tracked_files import LeftOut

_FILTER, _IDENT, _ENCODING = "filter", "ident", "working-tree-encoding"
_NOT = ("unspecified", "unset")
_SAME = ("utf-8", "utf8")


def make_empty_repository(folder: Path) -> None:
    """Makes a repository without settings, commits or files, so that git asks nothing else for attributes."""
    for name in ("objects", "refs"):
        (folder / ".git" / name).mkdir(parents=True, mode=0o700)
    (folder / ".git" / "HEAD").write_bytes(b"ref: refs/heads/none\n")


def converted_files(git: Git, top: Path, paths: Sequence[str]) -> Iterator[tuple[str, LeftOut]]:
    """Those of `paths` whose content differs in a checkout, and why. `top` is an empty repository, with its attribute files.

    `git` is the one that the files are from. Raises `GitUnreadable`.
    """
    git = git.elsewhere(top, {"GIT_ATTR_NOSYSTEM": "1"})
    own = ("-c", "core.attributesFile=/dev/null")
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    words = git.asked(*own, "check-attr", "-z", "--stdin", _FILTER, _IDENT, _ENCODING, stdin=asked).split(b"\0")
    for path, attribute, value in zip(words[::3], words[1::3], words[2::3], strict=False):
        reason = _reason(attribute.decode(), value.decode("utf-8", "replace"))
        if reason is not None:
            yield os.fsdecode(path), reason


def _reason(attribute: str, value: str) -> LeftOut | None:
    if value in _NOT:
        return None
    if attribute == _FILTER:
        return LeftOut.LFS if value == "lfs" else LeftOut.FILTER
    if attribute == _IDENT:
        return LeftOut.IDENT
    return None if value.lower() in _SAME else LeftOut.ENCODING
