"""Reads the commits of a repository from git's objects, and runs nothing that the repository configures.

Neither the work tree nor the index takes part, so neither does any filter, hook, monitor or attribute of theirs. What a partial clone lacks is
not fetched.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from typing import IO

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.wording import os_reason
from sendspec.operations.git_command import Git, GitUnreadable

FILE_MODES = ("100644", "100755")
LINK_MODE, MODULE_MODE = "120000", "160000"
MAX_LISTING = 1_000_000_000
"""Bytes of a listing of a commit's files; it is never in memory as a whole."""
MAX_ATTEMPTS = 100
"""Objects missing from a partial clone after which all others count as missing."""
MAX_SECONDS = 253_402_300_799
"""The end of the year 9999: a commit can say anything."""
_COMMIT = lazy_pattern(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMITTED = lazy_pattern(rb"^committer .*> ([0-9]{1,18}) [+-][0-9]{4}$", re.M)


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file of a commit, or what else has a path there. `path` is relative to the repository's top."""

    path: str
    mode: str
    object: str

    @property
    def is_file(self) -> bool:
        return self.mode in FILE_MODES


class GitObjects:
    """The repository around a folder. Every method raises `GitUnreadable` if git can't say what it is asked."""

    def __init__(self, folder: Path, environ: Mapping[str, str], *, end: float = inf) -> None:
        self._git = Git(folder, environ, end=end)

    @property
    def top(self) -> Path:
        """The work tree's root."""
        return self._git.top

    @property
    def is_shallow(self) -> bool:
        return self._asked("rev-parse", "--is-shallow-repository").strip() == b"true"

    def commit(self, ref: str) -> str | None:
        """The id of the commit that `ref` names; None if it names none."""
        if "\0" in ref:
            return None
        answer = self._asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", may_fail=True)
        found = answer.decode("ascii", "replace").strip()
        return found if _COMMIT.fullmatch(found) else None  # `^HEAD` is one that is left out, `a..b` are two

    def merge_base(self, commit: str, other: str) -> str | None:
        """The best common ancestor; None if there is none among the commits that are here."""
        answer = self._asked("merge-base", commit, other, may_fail=True)
        return answer.decode("ascii").split()[0] if answer.strip() else None

    def seconds_of(self, commit: str) -> int:
        """When a commit was made, by what it says of itself, in Unix seconds."""
        found = _COMMITTED.search(self._asked("cat-file", "commit", commit))
        return min(int(found[1]), MAX_SECONDS) if found else 0

    def entries(self, commit: str, folder: str = "") -> Iterator[TreeEntry]:
        """All entries of a commit but its folders; only those below `folder`, if one is named."""
        below = ["--", f"{folder}/"] if folder else []
        with self._output("ls-tree", "-r", "-z", "--full-tree", commit, *below) as (_, listing):
            yield from _entries(listing)

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """What has this path in a commit. Links on the way to it are not followed."""
        found = list(self._entries_at(commit, path))
        return next((each for each in found if each.path == path), None)

    def sizes(self, objects: Sequence[str]) -> dict[str, int]:
        """The sizes of objects in bytes, by their ids; those that are not here are left out."""
        sizes: dict[str, int] = {}
        rest, attempts = objects, 0
        while rest and attempts < MAX_ATTEMPTS:
            asked = b"".join(each.encode() + b"\n" for each in rest)
            with self._output("cat-file", "--batch-check", stdin=asked, may_fail=True) as (_, answer):
                lines = answer.read(MAX_LISTING).decode("ascii", "replace").splitlines()
            for line in lines:
                words = line.split(" ")
                if len(words) == 3 and words[1] == "blob":
                    sizes[words[0]] = int(words[2])
            rest, attempts = rest[len(lines) + 1 :], attempts + 1  # in a partial clone, it ends at what is missing
        return sizes

    def contents(self, objects: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The ids and bytes of files, in order, one at a time. All of them must be here: see `sizes`."""
        asked = b"".join(each.encode() + b"\n" for each in objects)
        with self._output("cat-file", "--batch", stdin=asked) as (_, answer):
            for _ in objects:
                identity, _, size = answer.readline().split(b" ")
                yield identity.decode(), answer.read(int(size))
                answer.read(1)

    def write(self, identity: str, file: IO[bytes]) -> None:
        """Writes a file's bytes into an open file, without having all of them in memory."""
        self._run(("cat-file", "blob", identity), file)

    def work_tree_files(self, folder: str) -> Iterator[tuple[str, str]]:
        """The files that git knows or sees below a folder, each with its tag in `git ls-files -t`. Only this one asks the index."""
        below = ["--", f"{folder}/"] if folder else []
        listed = ("ls-files", "-z", "-t", "--full-name", "--cached", "--others", "--exclude-standard")
        with self._output(*listed, *below) as (_, listing):
            for line in _records(listing):
                tag, _, path = line.partition(b" ")
                yield os.fsdecode(path), tag.decode("ascii", "replace")

    def _entries_at(self, commit: str, path: str) -> Iterator[TreeEntry]:
        with self._output("ls-tree", "-z", "--full-tree", commit, "--", path) as (_, listing):
            yield from _entries(listing)

    def _asked(self, *arguments: str, stdin: bytes = b"", may_fail: bool = False) -> bytes:
        with self._output(*arguments, stdin=stdin, may_fail=may_fail) as (has_failed, answer):
            return b"" if has_failed else answer.read(MAX_LISTING)

    @contextmanager
    def _output(self, *arguments: str, stdin: bytes = b"", may_fail: bool = False) -> Iterator[tuple[bool, IO[bytes]]]:
        """Whether a command failed, and what it prints, in a file without a name."""
        with ExitStack() as stack:
            try:
                file = stack.enter_context(tempfile.TemporaryFile(prefix="sendspec-"))
            except FileNotFoundError:  # every folder that Python knows was tried
                raise GitUnreadable("no temporary file can be written for what git says") from None
            except OSError as error:
                raise GitUnreadable(f"there is no room for what git says: {os_reason(error)}") from None
            has_failed = self._run(arguments, file, stdin=stdin, may_fail=may_fail)
            file.seek(0)
            yield has_failed, file

    def _run(self, arguments: Iterable[str], file: IO[bytes], *, stdin: bytes = b"", may_fail: bool = False) -> bool:
        with self._git.running(*arguments, stdin=stdin) as answer:
            try:
                shutil.copyfileobj(answer.stream, file)
                file.flush()
            except OSError as error:
                raise GitUnreadable(f"there is no room for what git says: {os_reason(error)}") from None
        if not may_fail:
            answer.refuse_failure()
        return answer.code != 0


def _entries(listing: IO[bytes]) -> Iterator[TreeEntry]:
    for line in _records(listing):
        about, _, path = line.partition(b"\t")
        mode, _, identity = about.decode("ascii").split(" ")
        yield TreeEntry(os.fsdecode(path), mode, identity)


def _records(listing: IO[bytes]) -> Iterator[bytes]:
    """What is before each NUL."""
    rest = b""
    while block := listing.read(1 << 16):
        *records, rest = (rest + block).split(b"\0")
        yield from records
