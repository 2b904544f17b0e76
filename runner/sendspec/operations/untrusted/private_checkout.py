"""A copy of tracked files in a private temporary folder: regular files and folders, and nothing else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import grouped, os_reason
from sendspec.operations.git_command import Git, GitUnreadable
from sendspec.operations.lfs_pointer import MAX_POINTER_BYTES, lfs_pointer
from sendspec.operations.untrusted.file_attributes import converted_files, make_empty_repository
from sendspec.operations.untrusted.limits import UntrustedLimits
from sendspec.operations.untrusted.private_folder import new_private_folder, remove_left_folders
from sendspec.operations.untrusted.stopped import UntrustedStopped
from sendspec.operations.untrusted.tracked_files import LeftOut, TrackedFile, TrackedFiles, contents
from sendspec.reading.files.confined_path import is_top
from sendspec.reading.files.nofollow_open import open_beneath, open_folder

_BLOCK_BYTES = 1 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
TOP = "checkout"


@dataclass(frozen=True, slots=True)
class PrivateCheckout:
    """`top` is the copy of the repository's top folder. `left_out` are tracked files that aren't in it, and why."""

    top: Path
    left_out: Mapping[str, LeftOut]


@contextmanager
def private_checkout(git: Git, tracked: TrackedFiles, limits: UntrustedLimits) -> Iterator[PrivateCheckout]:
    """The copy, while the block runs. Raises `UntrustedStopped`, and `GitUnreadable`."""
    left_out = dict(tracked.left_out)
    small = []
    for each in tracked.files:
        if each.size > limits.file_bytes:
            left_out[each.path] = LeftOut.LARGE
        else:
            small.append(each)
    copied = [*small, *tracked.attributes]
    _check_room(copied, limits)
    with _private_folder() as top:
        try:
            for each, stream in contents(git, copied) if copied else ():
                reason = _copied(top, each, stream)
                if reason is not None:
                    left_out[each.path] = reason
        except OSError as error:
            raise _unwritable(error) from error
        if tracked.attributes:
            there = [each.path for each in small if left_out.get(each.path) is not LeftOut.ODD]
            for path, why in converted_files(git, top, there):
                (top / path).unlink(missing_ok=True)
                left_out[path] = why
        yield PrivateCheckout(top, left_out)


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Mode 0700. A lock shows others that it is in use: a process that is killed can't remove its own."""
    _refuse_place_in_project()
    try:
        remove_left_folders()
        private, lock = new_private_folder()
    except OSError as error:
        raise _unwritable(error) from error
    try:
        top = private / TOP
        # The search for a project file ends here, and not in a folder that others write to.
        try:
            make_empty_repository(top)
        except OSError as error:
            raise _unwritable(error) from error
        yield top
    finally:
        shutil.rmtree(private, ignore_errors=True)
        os.close(lock)


def _refuse_place_in_project() -> None:
    """A copy inside of a project would be a part of it: files are opened from the outermost project around them."""
    with suppress(FileNotFoundError):  # there is no place, which making a folder says
        place = Path(tempfile.gettempdir()).resolve()
        around = (each for each in (place, *place.parents) if is_top(each))
        top = next(around, None)
        if top is not None:
            raise UntrustedStopped(
                "untrusted-files",
                f"the folder for temporary files, {printable(str(place))}, is inside of the repository or project {printable(str(top))}",
                "set TMPDIR to a folder outside of every repository and project, such as /tmp",
            )


def _unwritable(error: OSError) -> UntrustedStopped:
    reason = os_reason(error)
    try:
        where = f"to {printable(tempfile.gettempdir())}: {reason}"
    except FileNotFoundError:  # every folder that Python knows was tried
        where = "to any folder for temporary files"
    return UntrustedStopped(
        "untrusted-files",
        f"the copy of the project can't be written {where}",
        "free some space there, raise the shell's limit of file sizes, or set TMPDIR to another folder",
    )


def _check_room(files: Sequence[TrackedFile], limits: UntrustedLimits) -> None:
    total = sum(each.size for each in files)
    if len(files) <= limits.files and total <= limits.total_bytes:
        return
    raise UntrustedStopped(
        "untrusted-files",
        f"the project has {grouped(len(files))} files of {grouped(total)} bytes; an untrusted check copies at most"
        f" {grouped(limits.files)}, of {grouped(limits.total_bytes)} bytes",
        "keep large tables out of the repository, or divide the project",
    )


def _copied(top: Path, file: TrackedFile, stream: IO[bytes]) -> LeftOut | None:
    """Writes one file; None if it is there now. Reads it to its end in any case."""
    folders = PurePosixPath(file.path).parts[:-1]
    left, beginning, target = file.size, b"", None
    try:
        os.close(open_folder(top, *folders, make=True))
        target = open_beneath(top, file.path, _NEW)
    except (OSError, ValueError):  # too long, or the same as another one but for its case
        target = None
    try:
        while left:
            block = stream.read(min(left, _BLOCK_BYTES))
            if not block:
                raise GitUnreadable("an object ends early")
            if file.size <= MAX_POINTER_BYTES:
                beginning += block
            left -= len(block)
            while target is not None and block:
                block = block[os.write(target, block) :]
    finally:
        if target is not None:
            os.close(target)
    if target is None:
        return LeftOut.ODD
    if lfs_pointer(beginning) is not None:
        (top / file.path).unlink()
        return LeftOut.LFS
    return None
