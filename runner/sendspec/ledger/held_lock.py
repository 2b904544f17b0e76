"""The kernel locks that this process holds, and how they end, also in a child that inherits them."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

LOCKED: set[int] = set()
"""The descriptors through which this process holds locks."""


def _leave_to_parent() -> None:
    """Closes inherited locks after a fork. A lock belongs to the shared open file: a child could hold a dead parent's."""
    while LOCKED:
        with suppress(OSError):
            os.close(LOCKED.pop())


os.register_at_fork(after_in_child=_leave_to_parent)


def unlock(descriptor: int) -> None:
    """Releases a lock, also on behalf of a forked child that hasn't closed it yet."""
    if descriptor in LOCKED:
        LOCKED.remove(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
