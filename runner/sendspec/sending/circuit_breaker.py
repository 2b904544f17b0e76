"""Stops a storm of doubts while it is small: pure, told of every answer."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

MAX_DOUBTS = 5
BREAKER_WINDOW = 20


class BreakerState(Enum):
    """`OPEN` lets messages through, `SHUT` waits for those in flight, `PROBING` lets one through, `BROKEN` none any more."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()
    BROKEN = auto()


class CircuitBreaker:
    """Shuts after 5 doubts within 20 answers, or after one 2xx that makes no sense; then one message probes."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=BREAKER_WINDOW)
        self.state = BreakerState.CLOSED

    def record_certain(self) -> None:
        """An answer whose meaning is plain."""
        self._recent.append(False)
        if self.state is BreakerState.HALF_OPEN:
            self._recent.clear()
            self.state = BreakerState.CLOSED

    def record_doubt(self, *, invalid_acceptance: bool) -> None:
        """An answer, or the lack of one, that leaves a message in doubt."""
        self._recent.append(True)
        if self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.BROKEN
        elif self.state is BreakerState.CLOSED and (invalid_acceptance or sum(self._recent) >= MAX_DOUBTS):
            self.state = BreakerState.OPEN

    def drained(self) -> None:
        """Nothing is in flight any more."""
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN
