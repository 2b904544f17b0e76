"""The circuit breaker: pauses a run after a few doubts, and ends it when they go on."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

MAX_DOUBTS = 5
BREAKER_WINDOW = 20
"""How many of the last responses count."""


class BreakerState(Enum):
    """`CLOSED` lets messages through, `OPEN` waits for those in flight, `HALF_OPEN` lets one probe, `BROKEN` ends the run."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()
    BROKEN = auto()


class CircuitBreaker:
    """Opens after 5 doubts within 20 responses, or after one invalid acceptance. Then one message probes."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=BREAKER_WINDOW)
        self.state = BreakerState.CLOSED

    def record_certain(self) -> None:
        """A response with a certain meaning."""
        self._recent.append(False)
        if self.state is BreakerState.HALF_OPEN:
            self._recent.clear()
            self.state = BreakerState.CLOSED

    def record_doubt(self, *, invalid_acceptance: bool) -> None:
        """A response, or a missing one, that leaves a message in doubt."""
        self._recent.append(True)
        if self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.BROKEN
        elif self.state is BreakerState.CLOSED and (invalid_acceptance or sum(self._recent) >= MAX_DOUBTS):
            self.state = BreakerState.OPEN

    def drained(self) -> None:
        """Nothing is in flight any more."""
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN
