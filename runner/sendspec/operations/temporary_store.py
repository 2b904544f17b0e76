"""Bytes of a long list that memory has no room for, in a temporary file without a name."""

from __future__ import annotations

import os
from contextlib import suppress

from sendspec.diagnostics.exceptions import CopyUnreadable
from sendspec.diagnostics.wording import os_reason


class TemporaryStore:
    """Satisfies `planning.pair_set.Store`. The file is made at the first use, and gone with the object or the process."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._end = 0

    def append(self, data: bytes) -> int:
        if self._descriptor is None:
            self._descriptor = _unnamed_file()
        offset, written = self._end, 0
        while written < len(data):
            written += os.pwrite(self._descriptor, data[written:], offset + written)
        self._end += len(data)
        return offset

    def read(self, offset: int, length: int) -> bytes:
        """Raises `CopyUnreadable`."""
        assert self._descriptor is not None
        try:
            data = os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise _unreadable(os_reason(error)) from error
        if len(data) < length:
            raise _unreadable("it has become shorter")
        return data

    def __del__(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)


def _unnamed_file() -> int:
    import tempfile  # few lists are so long

    descriptor, path = tempfile.mkstemp(prefix="sendspec-")
    os.unlink(path)  # noqa: PTH108 - the path is text
    return descriptor


def _unreadable(reason: str) -> CopyUnreadable:
    import tempfile

    return CopyUnreadable(
        f"a temporary file in {tempfile.gettempdir()} can't be read: {reason}",
        "check the disk, then run the command again",
    )
