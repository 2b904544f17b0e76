"""A copy of tracked files in a private temporary folder: regular files and folders, and nothing else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from sendspec.diagnostics.wording import grouped, os_reason
from sendspec.operations.git_repository import GitUnreadable
from sendspec.operations.untrusted.limits import UntrustedLimits
from sendspec.operations.untrusted.stopped import UntrustedStopped
from sendspec.operations.untrusted.tracked_files import LeftOut, TrackedFile, TrackedFiles, contents
from sendspec.reading.files.nofollow_open import open_beneath, open_folder

_BLOCK_BYTES = 1 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_BYTES = 1_024
"""No pointer is longer."""
TOP = "checkout"


@dataclass(frozen=True, slots=True)
class PrivateCheckout:
    """`top` is the copy of the repository's top folder. `left_out` are tracked files that aren't in it, and why."""

    top: Path
    left_out: Mapping[str, LeftOut]


@contextmanager
def private_checkout(
    folder: Path, environ: Mapping[str, str], tracked: TrackedFiles, limits: UntrustedLimits
) -> Iterator[PrivateCheckout]:
    """The copy, while the block runs. Raises `UntrustedStopped`, and `GitUnreadable`."""
    left_out = dict(tracked.left_out)
    small = []
    for each in tracked.files:
        if each.size > limits.file_bytes:
            left_out[each.path] = LeftOut.LARGE
        else:
            small.append(each)
    _check_room(small, limits)
    with _private_folder() as top:
        for each, stream in contents(folder, environ, small) if small else ():
            try:
                reason = _copied(top, each, stream)
            except OSError as error:
                raise _unwritable(error) from error
            if reason is not None:
                left_out[each.path] = reason
        yield PrivateCheckout(top, left_out)


@contextmanager
def _private_folder() -> Iterator[Path]:
    try:
        private = Path(tempfile.mkdtemp(prefix="sendspec-untrusted-"))  # mode 0700
    except OSError as error:
        raise _unwritable(error) from error
    try:
        top = private / TOP
        # The search for a project file ends here, and not in a folder that others write to.
        (top / ".git").mkdir(parents=True, mode=0o700)
        yield top
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _unwritable(error: OSError) -> UntrustedStopped:
    return UntrustedStopped(
        "untrusted-files",
        f"the copy of the project can't be written to {tempfile.gettempdir()}: {os_reason(error)}",
        "free some space there, or set TMPDIR to another folder",
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
    left, is_pointer, target = file.size, False, None
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
            is_pointer |= left == file.size <= _LFS_BYTES and block.startswith(_LFS)
            left -= len(block)
            while target is not None and block:
                block = block[os.write(target, block) :]
    finally:
        if target is not None:
            os.close(target)
    if is_pointer:
        (top / file.path).unlink()
        return LeftOut.LFS
    return LeftOut.ODD if target is None else None
