"""Opens a file that a spec names, if it lies inside the project, whatever the name tries."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from runner.near import near_miss
from runner.reading.mask import printable

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = re.compile(r"[A-Za-z]:")
_ESCAPED = re.compile(r"%(?:2e|2f|5c|7e|25|00)", re.I)
_INSIDE_FIX = "name a file inside the project, relative to the spec"
_FOLDER_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class FileFault:
    """Why a file can't be read."""

    code: str
    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A descriptor of a regular file, and where the file really lies."""

    descriptor: int
    place: str


def shown_path(spec_path: str, written: str) -> str:
    """The path of `written` as the user sees it: after the folder of the spec, as that was typed."""
    return os.path.join(os.path.dirname(spec_path), written)  # noqa: PTH118, PTH120 - pathlib would drop a typed './'


def open_inside(root: Path, spec_path: str, written: str) -> OpenFile | FileFault:
    """Opens `written`, as found in the spec at `spec_path`, below `root`."""
    place = place_inside(root, spec_path, written)
    return place if isinstance(place, FileFault) else open_below(os.path.realpath(root), place, written)


def place_inside(root: Path, spec_path: str, written: str) -> str | FileFault:
    """Where `written` leads once every link is followed, if that is below `root`; nothing has to be there."""
    disguise = _disguised(written)
    if disguise is not None:
        return FileFault("outside-project", f"'{printable(written)}' {disguise}", _INSIDE_FIX)
    top = os.path.realpath(root)
    place = os.path.realpath(Path(spec_path).parent / written)
    if os.path.commonpath([top, place]) != top:
        return FileFault("outside-project", f"'{printable(written)}' leads out of the project", _INSIDE_FIX)
    return place


def open_anywhere(written: str) -> OpenFile | FileFault:
    """Opens a file that the user named on the command line, relative to the working directory."""
    place = os.path.realpath(written.replace("\0", ""))
    return open_below(os.path.dirname(place), place, written)  # noqa: PTH120 - `place` is text for the system calls


def open_below(top: str, place: str, written: str) -> OpenFile | FileFault:
    """Opens `place`, which has no links in it any more, below `top`.

    Each folder on the way is opened as itself: one that was swapped for a link since is not followed.
    """
    try:
        descriptor = _descend(top, Path(place).relative_to(top).parts)
    except OSError as error:
        return _why_not(error, place, written)
    if descriptor is None or not stat.S_ISREG(os.fstat(descriptor).st_mode):
        if descriptor is not None:
            os.close(descriptor)
        return _not_a_file(written)
    return OpenFile(descriptor, place)


def _disguised(written: str) -> str | None:
    if _SCHEME.match(written):
        return "is an address, not a path"
    if written.startswith(("/", "\\")) or _DRIVE.match(written):
        return "is an absolute path"
    if written.startswith("~"):
        return "begins with ~, which is somebody's home folder"
    if "\\" in written:
        return "has a backslash in it; folders are separated by /"
    if _ESCAPED.search(written):
        return "has percent escapes in it, which a path doesn't need"
    return "has a character in it that no path has" if "\0" in written else None


def _descend(top: str, parts: tuple[str, ...]) -> int | None:
    """A descriptor of the last part, reached folder by folder without following a link; None where there is none."""
    if not parts:
        return None
    folder = os.open(top, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(parts[-1], _FILE_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)


def _why_not(error: OSError, place: str, written: str) -> FileFault:
    shown = printable(written)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileFault("file-missing", f"there is no file '{shown}'", _near(place, written))
    if error.errno == errno.ELOOP:
        return FileFault("not-a-file", f"'{shown}' is a link that leads nowhere", "name the file itself")
    if error.errno in (errno.EISDIR, errno.ENXIO):
        return _not_a_file(written)
    reason = os.strerror(error.errno or 0).lower()
    return FileFault("unreadable-file", f"'{shown}' can't be read: {reason}", "make it readable for this user")


def _not_a_file(written: str) -> FileFault:
    return FileFault("not-a-file", f"'{printable(written)}' is not a regular file", "name a file that holds the table")


def _near(place: str, written: str) -> str:
    folder = Path(place).parent
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names are wanted, not paths
    except OSError:
        return "check the path; it counts from the folder of the spec"
    near = near_miss(Path(place).name, names)
    if not near:
        return "check the path; it counts from the folder of the spec"
    return f"write '{printable(shown_path(written, near))}'"
