"""A run's private copy of its input: an unnamed file.

Every complete pass over it is checked against the digest of the bytes that were copied.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from sendspec.diagnostics.exceptions import CopyUnreadable, NoRoomForCopy, PrivateFolderUnusable
from sendspec.diagnostics.wording import grouped, os_reason
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.files.private_folder import unnamed_file

COPIED_BYTES = 1 << 20
"""Bytes read and written at a time."""


class PrivateCopy(InputFile):
    """An unnamed file that gives back exactly the bytes that were copied, or raises `CopyUnreadable`.

    Forked processes read it through the same descriptor.
    """

    def __init__(self, descriptor: int, digest: bytes) -> None:
        """`digest` is the SHA-256 of what was copied."""
        super().__init__(descriptor, None)
        self._digest = digest

    def blocks(self) -> Iterator[bytes]:
        yield from super().blocks()
        if self._differs:
            raise _copy_unreadable("it returns other bytes than were written")

    def read(self, most: int, offset: int) -> bytes:
        try:
            block = os.pread(self._descriptor, most, offset)
        except OSError as error:
            raise _copy_unreadable(os_reason(error)) from error
        if not block and offset < self.size:
            raise _copy_unreadable("it has become shorter")
        return block

    def changed(self) -> bool:
        """Always false: the user's file no longer matters, and other bytes are a disk error."""
        return False


def private_copy(file: InputFile, root: Path) -> PrivateCopy | None:
    """A copy of `file` in the project at `root`; None if the file changed during the copy.

    Compares with a second read, because two changes within one tick of the file system's clock leave the modification time
    unchanged. Raises `PrivateCopyTrouble`, and `InputUnreadable` if the file can't be read.
    """
    descriptor = unnamed_file(root)
    copied = False
    try:
        digest, size = _written(descriptor, (piece for _, piece in _pieces(file)), needed=file.size)
        same = size == file.size and all(os.pread(descriptor, len(piece), at) == piece for at, piece in _pieces(file))
        copied = same and not file.changed()
        return PrivateCopy(descriptor, digest) if copied else None
    except OSError as error:
        raise _copy_unreadable(os_reason(error)) from error
    finally:
        if not copied:
            os.close(descriptor)


def spool(stream: BinaryIO, root: Path, *, in_memory: bool = False) -> PrivateCopy:
    """A private copy of everything in `stream`, in the project at `root`.

    With `in_memory` the copy is in memory if the user may not write to the project: for commands that send nothing.
    Raises OSError if the stream can't be read, and `PrivateCopyTrouble`.
    """
    try:
        descriptor = unnamed_file(root)
    except PrivateFolderUnusable as error:
        if not in_memory or not hasattr(os, "memfd_create") or not _is_not_writable(error.__cause__):
            raise
        descriptor = os.memfd_create("standard input")
    try:
        digest, _ = _written(descriptor, iter(lambda: stream.read(COPIED_BYTES), b""), needed=None)
        return PrivateCopy(descriptor, digest)
    except BaseException:
        os.close(descriptor)
        raise


def _pieces(file: InputFile) -> Iterator[tuple[int, bytes]]:
    """All bytes in pieces, each with its offset."""
    offset = 0
    while piece := file.read(COPIED_BYTES, offset):
        yield offset, piece
        offset += len(piece)


def _written(descriptor: int, pieces: Iterator[bytes], *, needed: int | None) -> tuple[bytes, int]:
    """Writes all pieces; returns their SHA-256 and size. `needed` is the size if known beforehand, for the error message."""
    digest, size = sha256(), 0
    for piece in pieces:
        digest.update(piece)
        rest = memoryview(piece)
        while rest:
            try:
                done = os.pwrite(descriptor, rest, size)
            except OSError as error:
                raise _no_room(error, needed, size + len(rest)) from error
            rest = rest[done:]
            size += done
    return digest.digest(), size


def _no_room(error: OSError, needed: int | None, size: int) -> NoRoomForCopy:
    wanted = f"{grouped(max(needed or 0, size))} bytes"
    most = wanted if needed is not None else f"more than {wanted}"
    return NoRoomForCopy(
        f"the private copy of the input needs {most} under .sendspec/tmp: {os_reason(error)}",
        "free some space on the disk that holds the project, then run the command again",
    )


def _copy_unreadable(reason: str) -> CopyUnreadable:
    return CopyUnreadable(
        f"the private copy of the input can't be read: {reason}",
        "check the disk that holds the project, then run the command again",
    )


def _is_not_writable(cause: BaseException | None) -> bool:
    return isinstance(cause, PermissionError) or (isinstance(cause, OSError) and cause.errno == errno.EROFS)
