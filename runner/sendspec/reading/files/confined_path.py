"""Resolves and opens the paths that specs and command lines name; none may lead out of the project."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import replace
from pathlib import Path, PurePath

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import os_reason
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.files.near_file import CHECK, TABLE_EXTENSIONS, near_file, one_of, there_is
from sendspec.reading.files.nofollow_open import open_beneath
from sendspec.reading.files.private_folder import FOLDER

_SCHEME = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = lazy_pattern(r"[A-Za-z]:")
_ESCAPED = lazy_pattern(r"%(?:2e|2f|5c|7e|25|00)", re.I)
_INSIDE_FIX = "name a file inside the project, relative to the spec"
_SPEC_FOLDER = "the folder of the spec"
_GIT = ".git"
PROJECT_FILE = "sendspec.yaml"
_TOPS = (_GIT, PROJECT_FILE)
"""Entries that mark the root of a repository or a project."""
MAX_PATH = 4_096
"""Linux opens no path of more bytes. Looking at each folder of a much longer one takes gigabytes."""
_DEVICES = ("/dev/", "/proc/")
"""Links here, such as /dev/stdin, lead to files that are already open."""
_IN_MEMORY = "/dev/shm/"
"""A folder of ordinary files beside the devices."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A descriptor of a regular file, and the file's real path."""

    descriptor: int
    place: str


@dataclass(frozen=True, slots=True)
class ConfinedPath:
    """A file's real path, links resolved, and the real folder that it must be opened below."""

    top: str
    place: str

    @property
    def below(self) -> str:
        return os.path.relpath(self.place, self.top)


def shown_path(spec_path: str, written: str) -> str:
    """`written` as shown to the user: joined to the spec's folder, as that was typed."""
    return os.path.join(os.path.dirname(spec_path), written)  # noqa: PTH118, PTH120 - pathlib would drop a typed './'


def without_detour(path: str) -> str:
    """The path without the folders that it leaves again, such as `data/a.csv` for `specs/../data/a.csv`, if it is the same file."""
    if f"{os.sep}{os.pardir}{os.sep}" not in path:
        return path
    short = os.path.normpath(path)
    return short if os.path.realpath(short) == os.path.realpath(path) else path


def open_in_project(root: Path, spec_path: str, written: str, key_files: KeyFiles = NO_KEY_FILES) -> OpenFile | Problem:
    """Opens `written`, relative to the spec at `spec_path`, if it is inside `root` and none of `key_files`."""
    place = resolve_in_project(root, spec_path, written)
    if isinstance(place, Problem):
        return place
    opened = open_resolved(os.path.realpath(root), place, written, key_files)
    if isinstance(opened, Problem) and opened.code == "file-missing":
        from sendspec.reading.files.path_advice import (  # needed only after a mistake
            place_in_project,
            tables_in_project,
        )

        elsewhere = place_in_project(root, spec_path, written)
        if elsewhere is not None:
            return replace(opened, fix=f"write '{elsewhere}'")
        tables = tables_in_project(root, spec_path) if opened.fix.startswith(CHECK) else []
        return replace(opened, fix=one_of(tables, _SPEC_FOLDER)) if tables else opened
    return opened


def resolve_in_project(root: Path, spec_path: str, written: str) -> str | Problem:
    """The real path of `written`, links resolved, if it is inside `root`. The file need not exist."""
    disguise = _disguised(written)
    if disguise is not None:
        return _outside(root, spec_path, written, disguise)
    top = os.path.realpath(root)
    place = os.path.realpath(Path(spec_path).parent / written)
    if not _is_within(place, top):
        return _outside(root, spec_path, written, "leads out of the project")
    return git_folder_problem(place, written) or place


def _outside(root: Path, spec_path: str, written: str, why: str) -> Problem:
    from sendspec.reading.files.path_advice import fix_for_path  # needed only after a mistake

    return Problem("outside-project", f"'{printable(written)}' {why}", fix_for_path(root, spec_path, written))


def confined_path(written: str, *, in_folder: bool = True) -> ConfinedPath | Problem:
    """The real path of a file on the command line, unless a link leads it out of the repository or project that it appears in.

    Links above the repository or project are trusted: the user made them. Outside both, a link must not lead out of the
    file's folder, unless `in_folder` is false. The file need not exist. Raises ValueError for a path that the file system
    can't represent.
    """
    path = _absolute_path(written)
    place = os.path.realpath(path)
    if is_among_devices(path):
        return ConfinedPath(os.path.dirname(place), place)  # noqa: PTH120 - `place` is text for the system calls
    folder = os.path.dirname(path)  # noqa: PTH120
    around = [os.path.realpath(top) for top in _tops_around(folder)]
    for top in around or ([os.path.realpath(folder)] if in_folder else []):
        if not _is_within(place, top):
            return Problem(
                "outside-project",
                f"'{printable(written[:200])}' is a link that leads out of {printable(top)}, or is inside a folder that is one",
                "put the file itself there, or name its real path",
            )
    top = around[-1] if around else os.path.dirname(place)  # noqa: PTH120
    return ConfinedPath(top, place)


def is_among_devices(path: str) -> bool:
    """Whether a link at this absolute path would lead to a file that is already open."""
    return path.startswith(_DEVICES) and not path.startswith(_IN_MEMORY)


def real_folder(written: str) -> Path:
    """The real folder of a file on the command line; if a link leads out of the project it appears in, that project's root.

    Raises ValueError as `confined_path` does.
    """
    where = confined_path(written)
    if not isinstance(where, Problem):
        return Path(where.place).parent
    folder = os.path.dirname(_absolute_path(written))  # noqa: PTH120
    return Path(os.path.realpath((_tops_around(folder) or [folder])[-1]))


def _absolute_path(written: str) -> str:
    """`written` as an absolute path without `.` and `..`, its links kept. Raises ValueError for a path too long to be a file's."""
    if len(written) > MAX_PATH:
        raise ValueError("the path is too long")
    path = "/" if written.startswith("/") else os.getcwd()  # noqa: PTH109 - as text
    for part in PurePath(written).parts:
        if part != "..":
            path = os.path.join(path, part)  # noqa: PTH118 - as text
        else:  # the parent of a link's target, not of the link
            path = os.path.dirname(os.path.realpath(path) if os.path.islink(path) else path)  # noqa: PTH114, PTH120
    return path


def _tops_around(folder: str) -> list[str]:
    """The roots of the repositories and projects that contain `folder`, innermost first."""
    around = (Path(folder), *Path(folder).parents)
    return [str(top) for top in around if is_top(top)]


def is_top(folder: Path) -> bool:
    """Whether a folder is the root of a repository or project."""
    return any(os.path.lexists(folder / name) for name in _TOPS)


def _is_within(place: str, top: str) -> bool:
    return os.path.commonpath([top, place]) == top


def git_folder_problem(place: str, written: str, fix: str = _INSIDE_FIX) -> Problem | None:
    """Refuses a real path inside a `.git` folder, unless a work tree of its own was put there."""
    if not _lies_in(place, _GIT, (_GIT,)):
        return None
    return Problem("outside-project", f"'{printable(written[:200])}' is in git's own folder", fix)


def output_problem(place: str, written: str) -> Problem | None:
    """Refuses a real path that no file may be written to for a user: inside `.git`, or among a project's private files."""
    if _lies_in(place, FOLDER, _TOPS):
        problem = f"'{printable(written[:200])}' lies in {FOLDER}, among the files that sendspec keeps for itself"
        return Problem("outside-project", problem, "name another place")
    return git_folder_problem(place, written, "name another place")


def _lies_in(place: str, folder: str, tops: tuple[str, ...]) -> bool:
    """Whether a real path is a folder of this name or below one, with no repository or project of its own in between.

    Some file systems ignore case, so the name does too. `tops` are the entries that make a folder such a root.
    """
    parts = PurePath(place).parts
    last = max((index for index, part in enumerate(parts) if part.casefold() == folder), default=None)
    return last is not None and not any(
        os.path.lexists(PurePath(*parts[:end], top)) for end in range(last + 2, len(parts)) for top in tops
    )


def open_from_command_line(written: str, key_files: KeyFiles = NO_KEY_FILES) -> OpenFile | Problem:
    """Opens a file named on the command line, relative to the working directory."""
    place = os.path.realpath(written.replace("\0", ""))
    folder = os.path.dirname(place)  # noqa: PTH120 - `place` is text for the system calls
    return git_folder_problem(place, written) or open_resolved(
        folder, place, written, key_files, counts_from="the current folder"
    )


def open_resolved(
    top: str, place: str, written: str, key_files: KeyFiles = NO_KEY_FILES, *, counts_from: str = _SPEC_FOLDER
) -> OpenFile | Problem:
    """Opens the resolved path `place` below `top`. `counts_from` says where `written` begins.

    Folders on the way are opened without following links, in case one was replaced by a link since.
    """
    try:
        descriptor = open_beneath(top, Path(place).relative_to(top))
    except OSError as error:
        return _why_not(error, place, written, counts_from)
    problem = key_files.problem(descriptor, place, written)
    if problem is not None:
        os.close(descriptor)
        return problem
    return OpenFile(descriptor, place)


def _disguised(written: str) -> str | None:
    if _SCHEME.match(written):
        return "is an address, not a path"
    if written.startswith(("/", "\\")) or _DRIVE.match(written):
        return "is an absolute path"
    if written.startswith("~"):
        return "begins with ~, which means a home folder"
    if "\\" in written:
        return "has a backslash in it; folders are separated by /"
    if _ESCAPED.search(written):
        return "has percent escapes in it, which a path doesn't need"
    return "has a character in it that paths can't have" if "\0" in written else None


def _why_not(error: OSError, place: str, written: str, counts_from: str) -> Problem:
    shown = printable(written)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        near = near_file(place, written, TABLE_EXTENSIONS)
        fix = f"write '{near}'" if near else there_is(place, TABLE_EXTENSIONS, counts_from, written)
        return Problem("file-missing", f"there is no file '{shown}'", fix)
    if error.errno == errno.ELOOP:
        return Problem("not-a-file", f"'{shown}' is a link that leads nowhere", "name the file itself")
    if error.errno in (errno.EISDIR, errno.ENXIO):
        return _not_a_file(written)
    reason = os_reason(error)
    return Problem("unreadable-file", f"'{shown}' can't be read: {reason}", "make it readable for this user")


def _not_a_file(written: str) -> Problem:
    return Problem("not-a-file", f"'{printable(written)}' is not a regular file", "name a file that holds the table")
