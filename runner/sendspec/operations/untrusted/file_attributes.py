"""What git's attributes say of files: which of them a checkout would have otherwise than git's objects."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sendspec.operations.git_command import Git
from sendspec.operations.untrusted.tracked_files import LeftOut

_ATTRIBUTES = ("filter", "ident", "working-tree-encoding", "text", "eol")
_QUOTING = (".csv", ".tsv")
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
    words = git.asked(*own, "check-attr", "-z", "--stdin", *_ATTRIBUTES, stdin=asked).split(b"\0")
    found: dict[bytes, dict[str, str]] = {}
    for path, attribute, value in zip(words[::3], words[1::3], words[2::3], strict=False):
        found.setdefault(path, {})[attribute.decode()] = value.decode("utf-8", "replace")
    for path, values in found.items():
        reason = _reason(values, top / os.fsdecode(path))
        if reason is not None:
            yield os.fsdecode(path), reason


def _reason(values: Mapping[str, str], copy: Path) -> LeftOut | None:
    if values["filter"] not in _NOT:
        return LeftOut.LFS if values["filter"] == "lfs" else LeftOut.FILTER
    if values["ident"] not in _NOT:
        return LeftOut.IDENT
    if values["working-tree-encoding"] not in _NOT and values["working-tree-encoding"].lower() not in _SAME:
        return LeftOut.ENCODING
    is_converted = values["eol"] == "crlf" and values["text"] != "unset"
    return LeftOut.LINE_ENDS if is_converted and copy.is_file() and _has_line_ends_in_cells(copy) else None


def _has_line_ends_in_cells(file: Path) -> bool:
    """Whether another line end changes more than lines: reading puts it aside everywhere but inside of quotes."""
    if file.suffix.lower() not in _QUOTING:
        return False
    quotes = 0
    with file.open("rb") as lines:
        for line in lines:
            quotes += line.count(b'"')
            if quotes % 2:
                return True
    return False
