"""Stops a storm of doubts while it is small: pure, told of every answer."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

MAX_DOUBTS = 5
ANSWERS_LOOKED_AT = 20


class Gate(Enum):
    """`OPEN` lets messages through, `SHUT` waits for those in flight, `PROBING` lets one through, `BROKEN` none any more."""

    OPEN = auto()
    SHUT = auto()
    PROBING = auto()
    BROKEN = auto()


class Breaker:
    """Shuts after 5 doubts within 20 answers, or after one 2xx that makes no sense; then one message probes."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=ANSWERS_LOOKED_AT)
        self.gate = Gate.OPEN

    def certain(self) -> None:
        """An answer whose meaning is plain."""
        self._recent.append(False)
        if self.gate is Gate.PROBING:
            self._recent.clear()
            self.gate = Gate.OPEN

    def doubtful(self, *, senseless: bool) -> None:
        """An answer, or the lack of one, that leaves a message in doubt."""
        self._recent.append(True)
        if self.gate is Gate.PROBING:
            self.gate = Gate.BROKEN
        elif self.gate is Gate.OPEN and (senseless or sum(self._recent) >= MAX_DOUBTS):
            self.gate = Gate.SHUT

    def drained(self) -> None:
        """Nothing is in flight any more."""
        if self.gate is Gate.SHUT:
            self.gate = Gate.PROBING
