"""What git knows of a project: its last commit, the specs in it, and what changed since."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.operations.git_command import Git, GitUnreadable
from sendspec.operations.lfs_pointer import MAX_POINTER_BYTES, LfsPointer, lfs_pointer
from sendspec.operations.work_tree_file import is_kept_elsewhere, is_link, is_object
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import MAX_SPEC_BYTES, TextFile
from sendspec.reading.project import PROJECT_FILE_NAME

HEAD_SECONDS = 10
_COMMIT = lazy_pattern(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FILE_MODES, _LINK_MODE = (b"100644", b"100755"), b"120000"
_REMOTE = lazy_pattern(
    r"(?:(?:https?|ssh|git)://(?:[^/@\s]*@)?|(?:[^/@:\s]+@))(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?[:/]/*(?P<path>[A-Za-z0-9._/~-]+)"
)
SPEC_LINE = lazy_pattern(r"""^["']?spec["']?[ \t]*:[ \t]*[0-9]+[ \t]*(#.*)?$""", re.M)
"""The line that makes a spec of a YAML file, for one that has faults."""


def head_commit(folder: Path, environ: Mapping[str, str]) -> str | None:
    """The id of HEAD's commit; None outside of a git work tree, before the first commit, or without git."""
    git = Git(folder, environ)
    if not git.is_there:
        return None  # without a process that takes as long as the rest of a small command
    try:
        answer = git.asked("rev-parse", "--verify", "HEAD", may_fail=True, seconds=HEAD_SECONDS)
    except (GitUnreadable, ValueError):
        return None
    commit = answer.decode("utf-8", "replace").strip()
    return commit if _COMMIT.fullmatch(commit) else None


def committed_specs(root: Path, environ: Mapping[str, str]) -> list[str]:
    """The specs in HEAD of the project in `root`, as paths relative to it; none outside of a git work tree.

    A spec is a `.yaml` or `.yml` file whose top level says `spec:` with a number. Specs of a project inside this one don't
    count. Raises `GitUnreadable`.
    """
    git = Git(root, environ)
    if not git.is_there:
        return []
    if not git.asked("rev-list", "-n", "1", "--all"):
        return []  # nothing was committed yet
    if not git.asked("rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return []
    files = {path: identity for path, mode, identity in _entries(git, [""]) if mode in _FILE_MODES}
    others = {str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name == PROJECT_FILE_NAME} - {
        "."
    }
    own = [path for path in files if path.endswith((".yaml", ".yml")) and not _is_in(path, others)]
    texts = _contents(git, [files[path] for path in own])
    return [path for path, text in zip(own, texts, strict=True) if _is_spec(path, text)]


def changed_since_commit(root: Path, paths: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Which of these files, as paths relative to `root`, differ from HEAD. Raises `GitUnreadable`.

    Their own bytes are compared with the commit's, as they are what is read, and since `git diff` would run the filters that the
    files' attributes name. Line ends aside; and a file in Git LFS is compared with its pointer. Files that git doesn't track don't
    count.
    """
    if not paths:
        return []
    git = Git(root, environ)
    committed = {path: (mode, identity) for path, mode, identity in _entries(git, paths)}
    listed = git.asked("ls-files", "-z", "--cached", "--", *(f"{git.way}{path}" for path in paths)).split(b"\0")[:-1]
    tracked = {os.fsdecode(path).removeprefix(git.way) for path in listed}
    return [
        path
        for path in paths
        if (_differs(git, root / path, *committed[path]) if path in committed else path in tracked)
    ]


def _entries(git: Git, paths: Sequence[str]) -> Iterator[tuple[str, bytes, bytes]]:
    """What HEAD has at and below these paths, which are relative to the folder that git is asked about: path, mode and object."""
    prefix = git.prefix
    below = [f"{prefix}{path}" for path in paths if prefix or path]
    for line in git.asked("ls-tree", "-r", "-z", "--full-tree", "HEAD", "--", *below).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, identity = about.split(b" ")
        yield os.fsdecode(path).removeprefix(prefix), mode, identity


def _differs(git: Git, file: Path, mode: bytes, identity: bytes) -> bool:
    try:
        if mode == _LINK_MODE:
            return not is_link(file, identity)
        if is_object(file, identity):
            return False
        pointer = _pointer(git, identity)
        return pointer is None or not is_kept_elsewhere(file, pointer)
    except OSError:  # such as a link or a folder in its place, or nothing
        return True


def _pointer(git: Git, identity: bytes) -> LfsPointer | None:
    size = int(git.asked("cat-file", "-s", identity.decode()))
    return lfs_pointer(git.asked("cat-file", "blob", identity.decode())) if size <= MAX_POINTER_BYTES else None


def _is_in(path: str, folders: set[str]) -> bool:
    return any(str(parent) in folders for parent in PurePosixPath(path).parents)


def _contents(git: Git, objects: Sequence[bytes]) -> list[bytes]:
    answer = git.asked("cat-file", "--batch", stdin=b"".join(identity + b"\n" for identity in objects))
    texts, at = [], 0
    for _ in objects:
        end = answer.index(b"\n", at)
        length = int(answer[at:end].split(b" ")[2])
        texts.append(answer[end + 1 : end + 1 + length])
        at = end + length + 2
    return texts


def _is_spec(path: str, content: bytes) -> bool:
    if b"spec" not in content or len(content) > MAX_SPEC_BYTES:
        return False
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    document = read_document(TextFile(path, text), Problems())
    if document is None:  # a spec with faults may have been sent before it had them
        return SPEC_LINE.search(text) is not None
    return isinstance(document.data, dict) and type(document.data.get("spec")) is int


def remote_repository(folder: Path, environ: Mapping[str, str]) -> str | None:
    """The host and path of the remote `origin`, such as `github.com/acme/messages`: no user, password, scheme or port. None: no such remote."""
    try:
        git = Git(folder, environ)
        written = git.asked("config", "--get", "remote.origin.url", may_fail=True, seconds=HEAD_SECONDS)
    except (GitUnreadable, ValueError):
        return None
    found = _REMOTE.fullmatch(written.decode("utf-8", "replace").strip())
    return None if found is None else f"{found['host']}/{found['path'].removesuffix('.git')}".lower()
