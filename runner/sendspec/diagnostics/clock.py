"""Time and chance, as the code that needs them is handed them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """All times are in seconds. `monotonic` counts while the machine sleeps (CLOCK_BOOTTIME); `wall` is Unix time."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
