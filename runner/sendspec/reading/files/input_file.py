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
    """An open regular file. Reading shares no position, so it may be read at several places at once."""

    def __init__(self, descriptor: int, place: str | None) -> None:
        """`place` is the path that the descriptor was opened by; None where the file has no name any more."""
        self._descriptor = descriptor
        self._place = place
        self._signature = signature_of(os.fstat(descriptor))
        self._digest: bytes | None = None
        self._differs = False

    @property
    def size(self) -> int:
        """The bytes that the file had when it was opened."""
        return self._signature[2]

    def head(self, most: int) -> bytes:
        return self.read(most, 0)

    def blocks(self) -> Iterator[bytes]:
        """All bytes. The first complete pass is the one that later passes are compared with, in `changed`."""
        digest = sha256()
        for block in self.peek():
            digest.update(block)
            yield block
        self._differs |= self._digest not in (None, digest.digest())
        self._digest = self._digest or digest.digest()

    def peek(self) -> Iterator[bytes]:
        """All bytes, for a look that is compared with nothing."""
        offset = 0
        while block := self.read(BLOCK_BYTES, offset):
            offset += len(block)
            yield block

    def read(self, most: int, offset: int) -> bytes:
        """At most so many bytes from `offset` on. Raises `InputUnreadable` where the disk fails."""
        try:
            return os.pread(self._descriptor, most, offset)
        except OSError as error:
            raise InputUnreadable(
                f"'{printable(self._place or 'the table')}' can't be read to its end: {os_reason(error)}",
                "check the disk that holds it",
            ) from error

    def changed(self) -> bool:
        """True once the bytes, or the file under this name, are not those that were opened."""
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
    """What changes when a file is written to or replaced, even where somebody sets its time back."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
