"""Notices that files have changed, by looking at them again and again, once whoever writes them is done."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias

POLL_SECONDS = 0.25
MISSING_SECONDS = 1.0
"""How long a file may be away before that counts: many editors save by moving another file to its place."""
MAX_SETTLING_SECONDS = 2.0
"""How long to wait for changes to end that don't, such as those of a file that grows."""

Mark: TypeAlias = tuple[int, ...]
"""What tells that a file is another, or was written to; of a file that can't be looked at, the error's number alone."""


class FileWatch:
    """The files of the last reading, as they were when it began. `now` is a monotonic time in seconds."""

    def __init__(self) -> None:
        self._read: Mapping[str, Mark] = {}
        self._last: Mapping[str, Mark] = {}
        self._unsettled_since: float | None = None

    def begin(self, paths: Iterable[str]) -> None:
        """Marks the beginning of a reading: `has_changed` reports changes from now on."""
        self._read = self._last = {path: mark_of(path) for path in paths}
        self._unsettled_since = None

    def follow(self, paths: Iterable[str]) -> None:
        """These files were read since `begin`. Of one that isn't known yet, the present counts."""
        self._read = {path: self._read[path] if path in self._read else mark_of(path) for path in paths}

    def is_disturbed(self) -> bool:
        """Whether a file has changed since the reading began, settled or not: what the reading found may never have been so."""
        return any(mark_of(path) != mark for path, mark in self._read.items())

    def has_changed(self, now: float) -> bool:
        """Whether there are changes that have settled: a look later, all files are as at the last look, and none is just missing."""
        found = {path: mark_of(path) for path in self._read}
        settled, self._last = found == self._last, found
        if found == self._read:
            self._unsettled_since = None
            return False
        if self._unsettled_since is None:
            self._unsettled_since = now
            return False
        waited = now - self._unsettled_since
        vanished = any(len(mark) == 1 and len(self._read[path]) > 1 for path, mark in found.items())
        return waited >= MAX_SETTLING_SECONDS or (settled and (not vanished or waited >= MISSING_SECONDS))


def mark_of(path: str) -> Mark:
    """Links are followed, to wherever they lead now."""
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds of paths, four times a second
    except OSError as error:
        return (error.errno or 0,)
    except ValueError:  # a NUL in the path: no file has it
        return (0,)
    return (found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
