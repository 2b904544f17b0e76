"""Files that a CI service gives to a job, which appends to them: its summary, and its outputs."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from sendspec.diagnostics.wording import os_reason

MAX_SUMMARY_BYTES = 1_000_000
"""GitHub drops the whole summary of a step that comes near 1 MiB, without a word."""
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def append_to_job_file(path: str, content: bytes, *, most: int = MAX_SUMMARY_BYTES) -> str | None:
    """Appends `content`, whole or not at all, as lines of its own to the file that the service has made. Returns why it could not; None if it is there.

    A file of more than `most` bytes is not made. A missing file, a link or a pipe is nothing that a service gives.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError:
        return "its path can't be one"
    except OSError as error:
        return "it is a link" if error.errno == errno.ELOOP else os_reason(error)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return "it is no file"
        begins_line = found.st_size == 0 or content.startswith(b"\n")
        if not begins_line and os.pread(descriptor, 1, found.st_size - 1) != b"\n":
            content = b"\n" + content  # what was written before would be a part of the first line
        if found.st_size + len(content) > most:
            return f"it has {found.st_size:,} bytes already, and may have {most:,}"
        return _append(descriptor, content, found.st_size)
    finally:
        os.close(descriptor)


def _append(descriptor: int, content: bytes, size: int) -> str | None:
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError as error:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        return os_reason(error)
    return None
