"""What git knows of a project: its last commit, the specs in it, and what changed since."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import printable
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import MAX_SPEC_BYTES, TextFile
from sendspec.reading.project import PROJECT_FILE_NAME

SAFELY = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
"""Runs nothing that a repository configures: no hook, no file system monitor."""
GIT_SECONDS = 60
HEAD_SECONDS = 10
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FILE_MODES = (b"100644", b"100755")
_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@\s]*@)?|(?:[^/@:\s]+@))(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?[:/]/*(?P<path>[A-Za-z0-9._/~-]+)"
)
SPEC_LINE = re.compile(r"""^["']?spec["']?[ \t]*:[ \t]*[0-9]+[ \t]*(#.*)?$""", re.M)
"""The line that makes a spec of a YAML file, for one that has faults."""


class GitUnreadable(Exception):
    """There is a repository, and git can't say what it holds."""


def head_commit(folder: Path, environ: Mapping[str, str]) -> str | None:
    """The id of HEAD's commit; None outside of a git work tree, before the first commit, or without git."""
    if "GIT_DIR" not in environ and not _is_in_repository(folder):
        return None  # without a process that takes as long as the rest of a small command
    try:
        answer = _git(folder, environ, "rev-parse", "--verify", "HEAD", may_fail=True, seconds=HEAD_SECONDS)
    except (GitUnreadable, ValueError):
        return None
    commit = answer.decode("utf-8", "replace").strip()
    return commit if _COMMIT.fullmatch(commit) else None


def committed_specs(root: Path, environ: Mapping[str, str]) -> list[str]:
    """The specs in HEAD of the project in `root`, as paths relative to it; none outside of a git work tree.

    A spec is a `.yaml` or `.yml` file whose top level says `spec:` with a number. Specs of a project inside this one don't
    count. Raises `GitUnreadable`.
    """
    if not _is_in_repository(root):
        return []
    if not _git(root, environ, "rev-list", "-n", "1", "--all"):
        return []  # nothing was committed yet
    if not _git(root, environ, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return []
    files = dict(_files(_git(root, environ, "ls-tree", "-r", "-z", "HEAD")))
    others = {str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name == PROJECT_FILE_NAME} - {
        "."
    }
    own = [path for path in files if path.endswith((".yaml", ".yml")) and not _is_in(path, others)]
    texts = _contents(root, environ, [files[path] for path in own])
    return [path for path, text in zip(own, texts, strict=True) if _is_spec(path, text)]


def changed_since_commit(root: Path, paths: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Which of these files, as paths relative to `root`, differ from HEAD. Raises `GitUnreadable`."""
    if not paths:
        return []
    wanted = [f":(literal){path}" for path in paths]
    changed = _git(
        root,
        environ,
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--name-only",
        "--relative",
        "-z",
        "HEAD",
        "--",
        *wanted,
    )
    return [os.fsdecode(path) for path in changed.split(b"\0") if path]


def _is_in_repository(folder: Path) -> bool:
    return any((each / ".git").exists() for each in (folder, *folder.parents))


def _is_in(path: str, folders: set[str]) -> bool:
    return any(str(parent) in folders for parent in PurePosixPath(path).parents)


def _files(listing: bytes) -> Iterator[tuple[str, bytes]]:
    """Each regular file's path and object, as `git ls-tree -z` lists them."""
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, identity = about.split(b" ")
        if mode in _FILE_MODES:
            yield os.fsdecode(path), identity


def _contents(root: Path, environ: Mapping[str, str], objects: Sequence[bytes]) -> list[bytes]:
    answer = _git(root, environ, "cat-file", "--batch", stdin=b"".join(identity + b"\n" for identity in objects))
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


def _git(
    root: Path,
    environ: Mapping[str, str],
    *arguments: str,
    stdin: bytes = b"",
    may_fail: bool = False,
    seconds: float = GIT_SECONDS,
) -> bytes:
    """Standard output of a git command. `may_fail`: empty where git exits with an error. Raises `GitUnreadable`."""
    try:
        done = subprocess.run(
            ["git", *SAFELY, *arguments], cwd=root, input=stdin, capture_output=True, timeout=seconds, check=False,
            env={**environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitUnreadable("git can't be run here" if isinstance(error, OSError) else "git takes too long") from None
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"it ends with {done.returncode}"]
        raise GitUnreadable(printable(said[0][:200]))
    return b"" if done.returncode else done.stdout


def remote_repository(folder: Path, environ: Mapping[str, str]) -> str | None:
    """The host and path of the remote `origin`, such as `github.com/acme/messages`: no user, password, scheme or port. None: no such remote."""
    try:
        written = _git(folder, environ, "config", "--get", "remote.origin.url", may_fail=True, seconds=HEAD_SECONDS)
    except (GitUnreadable, ValueError):
        return None
    found = _REMOTE.fullmatch(written.decode("utf-8", "replace").strip())
    return None if found is None else f"{found['host']}/{found['path'].removesuffix('.git')}".lower()
