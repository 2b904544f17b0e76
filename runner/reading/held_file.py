"""A table's bytes: held open, read from the beginning as often as needed, and watched for change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 1 << 16

_Signature = tuple[int, int, int, int]


class HeldFile:
    """An open regular file. Reading shares no position, so it may be read at several places at once."""

    def __init__(self, descriptor: int, place: str | None) -> None:
        """`place` is the path that the descriptor was opened by; None where the file has no name any more."""
        self._descriptor = descriptor
        self._place = place
        self._signature = _signature(os.fstat(descriptor))
        self._digest: bytes | None = None
        self._differs = False

    def head(self, most: int) -> bytes:
        return os.pread(self._descriptor, most, 0)

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
        while block := os.pread(self._descriptor, BLOCK_BYTES, offset):
            offset += len(block)
            yield block

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
        if _signature(os.fstat(self._descriptor)) != self._signature:
            return None
        try:
            return self._signature if self._place is None else _signature(Path(self._place).stat())
        except OSError:
            return None


def spool(stream: BinaryIO) -> HeldFile:
    """Everything in `stream`, kept in a file without a name that only this user could read. Raises OSError."""
    import tempfile

    with tempfile.TemporaryFile() as kept:  # 0600, and unlinked before anything is written
        while block := stream.read(BLOCK_BYTES):
            kept.write(block)
        kept.flush()
        return HeldFile(os.dup(kept.fileno()), None)


def _signature(status: os.stat_result) -> _Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
