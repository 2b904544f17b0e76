"""Starts git, for the whole program: in the repository that a `.git` entry names, within a time, and without what files configure.

A folder that looks like a repository itself is none here. Anyone who can commit files can make one (`HEAD`, `objects/`, `refs/`,
`config`), and git would take it for the repository around itself, with its history, its settings and the programs that they name.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from math import inf
from pathlib import Path
from threading import Event, Thread, Timer
from time import monotonic
from typing import IO

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable

SAFELY = (
    "--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit",
)  # fmt: skip
"""Runs nothing that a repository configures: no hook, no file system monitor. Git before 2.38 doesn't know the last: see `_same_repository`."""
GIT_SECONDS = 60
MAX_ANSWER = 200_000_000
"""Bytes in memory: the index of two million files."""
_MAX_LINK = 10_000
_MAX_ERRORS = 1_000
_BLOCK_BYTES = 1 << 16
_OF_ONE_REPOSITORY = frozenset(
    f"GIT_{name}"
    for name in (
        "ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR", "DIR", "GRAFT_FILE", "IMPLICIT_WORK_TREE", "INDEX_FILE", "NAMESPACE",
        "OBJECT_DIRECTORY", "PREFIX", "REPLACE_REF_BASE", "SHALLOW_FILE", "WORK_TREE",
    )
)  # fmt: skip
"""Variables that git sets for its hooks. They may be those of another repository, and count paths from another folder."""
_GUARDS = {
    "GIT_ALLOW_PROTOCOL": "none",  # for git before 2.39.4, which does not know the next one
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitUnreadable(Exception):
    """There is a repository, and git can't say what it holds."""


class GitSlow(GitUnreadable):
    """Git took longer than it may."""

    def __init__(self) -> None:
        super().__init__("git takes too long")


@dataclass(slots=True)
class GitAnswer:
    """What a git prints while it runs, to be read to its end. The rest is known after that."""

    stream: IO[bytes]
    code: int = 0
    said: str = ""

    def refuse_failure(self) -> None:
        if self.code:
            raise GitUnreadable(self.said or f"git ends with {self.code}")


class Git:
    """The repository around a folder: the nearest `.git` above it; without one, what `GIT_DIR` names.

    Commands run in the folder of the `.git` entry, with its links resolved, and `way` is the path from there to the folder: "", or
    one that ends with a slash. Without a `.git` entry they run in the folder itself. `end` is when all of them have to be done, as
    `monotonic` counts.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], *, end: float = inf) -> None:
        place = Path(os.path.realpath(folder))
        ceilings = environ.get("GIT_CEILING_DIRECTORIES", "").split(":")
        above = (place, *takewhile(lambda each: str(each) not in ceilings, place.parents))
        found = next((each for each in above if os.path.lexists(each / ".git")), None)
        self._place = found or place
        self._entry = None if found is None else found / ".git"
        self._is_verified = found is None  # git looks for no repository where GIT_DIR names one
        self._end = end
        kept = {name: value for name, value in environ.items() if found is None or name not in _OF_ONE_REPOSITORY}
        ceiling = {} if found is None else {"GIT_CEILING_DIRECTORIES": str(found.parent)}
        self._environ = {**kept, **_GUARDS, **ceiling}
        self.is_there = found is not None or "GIT_DIR" in environ
        self.way = "" if place == self._place else f"{place.relative_to(self._place)}/"

    def elsewhere(self, folder: Path, more: Mapping[str, str]) -> Git:
        """The repository around another folder, with the same end, and with more variables."""
        return Git(folder, {**self._environ, **more}, end=self._end)

    @property
    def top(self) -> Path:
        """The work tree's root. Raises `GitUnreadable`."""
        return Path(os.fsdecode(self.asked("rev-parse", "--show-toplevel").removesuffix(b"\n")))

    @property
    def prefix(self) -> str:
        """Where the folder is in its work tree: "", or a path that ends with a slash. Raises `GitUnreadable`."""
        shown = os.fsdecode(self.asked("rev-parse", "--show-prefix")).removesuffix("\n")
        return f"{shown}{self.way}"

    def asked(self, *arguments: str, stdin: bytes = b"", may_fail: bool = False, seconds: float = GIT_SECONDS) -> bytes:
        """What a command prints. `may_fail`: empty where git exits with an error. Raises `GitUnreadable`."""
        self.verify()
        return self._asked(arguments, stdin, may_fail=may_fail, seconds=seconds)

    @contextmanager
    def running(self, *arguments: str, stdin: bytes = b"", seconds: float = GIT_SECONDS) -> Iterator[GitAnswer]:
        """A command while it runs. Raises `GitUnreadable` if it can't be started, or isn't done in time."""
        self.verify()
        with self._running(arguments, stdin, seconds) as answer:
            yield answer

    def verify(self) -> None:
        """Raises `GitUnreadable` unless git reads the repository that the `.git` entry names."""
        if not self.is_there:
            raise GitUnreadable("there is no repository here")
        if self._is_verified:
            return
        found = self._asked(("rev-parse", "--absolute-git-dir"), b"", may_fail=False, seconds=GIT_SECONDS)
        assert self._entry is not None
        if not _same_repository(self._entry, Path(os.fsdecode(found.removesuffix(b"\n")))):
            raise GitUnreadable("git takes another folder for the repository than the one that '.git' names")
        self._is_verified = True

    def _asked(self, arguments: Sequence[str], stdin: bytes, *, may_fail: bool, seconds: float) -> bytes:
        with self._running(arguments, stdin, seconds) as answer:
            found = answer.stream.read(MAX_ANSWER + 1)
            if len(found) > MAX_ANSWER:
                raise GitUnreadable("its answer is too long")
        if not may_fail:
            answer.refuse_failure()
        return b"" if answer.code else found

    @contextmanager
    def _running(self, arguments: Sequence[str], stdin: bytes, seconds: float) -> Iterator[GitAnswer]:
        left = min(seconds, self._end - monotonic())
        if left <= 0:
            raise GitSlow
        with self._started(arguments) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            answer, errors, is_late = GitAnswer(process.stdout), bytearray(), Event()
            threads = [
                Thread(target=_feed, args=(process.stdin, stdin), daemon=True),
                Thread(target=_keep_beginning, args=(process.stderr, errors), daemon=True),
            ]
            timer = Timer(left, _end_late, (process, is_late))
            timer.daemon = True
            for thread in (*threads, timer):
                thread.start()
            try:
                yield answer
                process.wait()
            except (GitUnreadable, OSError, ValueError):
                if not is_late.is_set():
                    raise
            finally:
                timer.cancel()
                _kill(process)
                for thread in (*threads, timer):
                    thread.join()
        if is_late.is_set():  # what was read is a part of it
            raise GitSlow
        answer.code = process.returncode
        answer.said = printable(next(iter(errors.decode("utf-8", "replace").strip().splitlines()), "")[:200])

    def _started(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """In a session of its own, so that it ends with all that it started."""
        try:
            return subprocess.Popen(
                ["git", *SAFELY, *arguments], cwd=self._place, env=self._environ, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError:
            raise GitUnreadable("git can't be run here") from None


def _feed(stream: IO[bytes], content: bytes) -> None:
    with suppress(BrokenPipeError), stream:  # one that has ended reads nothing more
        stream.write(content)


def _keep_beginning(stream: IO[bytes], into: bytearray) -> None:
    while block := stream.read(_BLOCK_BYTES):
        into += block[: _MAX_ERRORS - len(into)]


def _end_late(process: subprocess.Popen[bytes], is_late: Event) -> None:
    is_late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _same_repository(entry: Path, found: Path) -> bool:
    """Whether git reads what a `.git` entry is, or what its `gitdir:` line names."""
    try:
        kind = entry.stat()
        if stat.S_ISREG(kind.st_mode) and kind.st_size <= _MAX_LINK:
            named = entry.read_bytes().removeprefix(b"gitdir:").strip()
            entry = entry.resolve().parent / os.fsdecode(named)
        return os.path.samefile(entry, found)  # noqa: PTH121 - neither has to be there
    except (OSError, ValueError):
        return False
