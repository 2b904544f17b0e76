"""Waits until a file can be read."""

from __future__ import annotations

import select


def is_readable(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read, or an end, within so many seconds. `select` can't ask about a descriptor above 1,023."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1_000))
