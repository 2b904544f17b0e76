"""Clocks and randomness, passed in as arguments so that tests can replace them."""

from __future__ import annotations

from collections.abc import Callable

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Times are in seconds. `monotonic` includes the time that the machine sleeps (CLOCK_BOOTTIME); `wall` is Unix time.

    `random` gives a number from 0 up to, not including, 1.
    """

    monotonic: Callable[[], float]
    wall: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
