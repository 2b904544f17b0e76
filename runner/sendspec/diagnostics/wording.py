"""Small phrases of user-facing texts: counted nouns, and the system's reason for a failure."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime


def grouped(number: int) -> str:
    """`1204` as `1 204`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, singular: str, plural: str | None = None, shown: Callable[[int], str] = grouped) -> str:
    """`1 message`, `2 messages`."""
    return f"{shown(number)} {singular if number == 1 else plural or singular + 's'}"


def duration_text(seconds: float) -> str:
    """`24 s`, `3 min`, `2.5 h`, `4 days`: rounded, as one says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def os_reason(error: OSError) -> str:
    """`permission denied`: the operating system's own words, in lower case."""
    return os.strerror(error.errno or 0).lower()


def moment_text(moment: datetime) -> str:
    """`2026-11-29T10:00:00Z`, with a fraction of a second only where the moment has one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
