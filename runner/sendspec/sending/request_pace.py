"""Spaces the requests of a sweep, so that they leave most of the workspace's limit to others."""

from __future__ import annotations

import math

from sendspec.diagnostics.clock import Clock

PER_SECOND = 10.0
"""A fifth of the GETs that a workspace may make (`reference/api.md`, section 7)."""


class RequestPace:
    """Shared by all requests of a sweep; called before each. `requests` counts them."""

    def __init__(self, clock: Clock, per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._gap = 1.0 / per_second
        self._next = -math.inf
        self.requests = 0

    def __call__(self) -> None:
        wait = self._next - self._clock.monotonic()
        if wait > 0:
            self._clock.sleep(min(wait, self._gap))
        self._next = max(self._next, self._clock.monotonic()) + self._gap
        self.requests += 1
