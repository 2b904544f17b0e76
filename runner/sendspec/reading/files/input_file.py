"""The bytes of an open input file, with detection of changes while it is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from sendspec.diagnostics.exceptions import InputUnreadable
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import os_reason

BLOCK_BYTES = 1 << 16

_Signature = tuple[int, int, int, int, int]


class InputFile:
    """An open regular file. Reads use no shared position, so several passes can run at once."""

    def __init__(self, descriptor: int, place: str | None, block_bytes: int = BLOCK_BYTES) -> None:
        """`place` is the path that was opened; None for a file without a name. Blocks have `block_bytes` bytes."""
        self.legacy_encoding = ""
        """The encoding of lines that aren't UTF-8, for a table that is read only to be checked. Empty: such lines are errors."""
        self._block_bytes = block_bytes
        self._descriptor = descriptor
        self._place = place
        self._signature = signature_of(os.fstat(descriptor))
        self._digest: bytes | None = None
        self._differs = False

    @property
    def size(self) -> int:
        """The file's size in bytes when it was opened."""
        return self._signature[2]

    def head(self, most: int) -> bytes:
        return self.read(most, 0)

    def blocks(self) -> Iterator[bytes]:
        """All bytes. `changed` compares later passes with the first complete one."""
        digest = sha256()
        for block in self.peek():
            digest.update(block)
            yield block
        self._differs |= self._digest not in (None, digest.digest())
        self._digest = self._digest or digest.digest()

    def peek(self, offset: int = 0) -> Iterator[bytes]:
        """All bytes from `offset` on, without taking part in the comparison of passes."""
        while block := self.read(self._block_bytes, offset):
            offset += len(block)
            yield block

    def read(self, most: int, offset: int) -> bytes:
        """At most `most` bytes from `offset`. Raises `InputUnreadable` if the disk fails."""
        try:
            return os.pread(self._descriptor, most, offset)
        except OSError as error:
            raise InputUnreadable(
                f"'{printable(self._place or 'the table')}' can't be read completely: {os_reason(error)}",
                "check the disk that holds it",
            ) from error

    def changed(self) -> bool:
        """Whether the bytes, or the file under this path, differ from what was opened."""
        if not self._differs:
            self._differs = self._now() != self._signature
        return self._differs

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _now(self) -> _Signature | None:
        try:
            if signature_of(os.fstat(self._descriptor)) != self._signature:
                return None
            return self._signature if self._place is None else signature_of(Path(self._place).stat())
        except OSError:
            return None


def signature_of(status: os.stat_result) -> _Signature:
    """Differs once a file is written or replaced, even if its modification time is set back."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
