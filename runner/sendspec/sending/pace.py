"""When the next message may go out: scheduled slots, a window of requests in flight, and pauses that the API asks for.

Slots, not a token bucket: a bucket is late, exceeds the limit, or busy-waits. Nothing here reads a clock or sleeps: the current
time is an argument, in monotonic seconds.
"""

from __future__ import annotations

import math

TICK_SECONDS = 0.02
AHEAD = 2.5 * TICK_SECONDS
"""Slots are handed out this far ahead, so commits of up to 25 ms delay none. It bounds the claims that a crash finds besides the requests in flight."""
MAX_OWED = 0.1
"""Seconds of lost time that later slots make up for. What is lost beyond it stays lost."""
CATCH_UP_SHARE = 0.005
"""By how much of the gap a slot comes sooner while time is owed: no burst, and never more than 0.6 percent above the limit in a second."""
BACKOFF_FIRST, MAX_BACKOFF = 0.5, 30.0
DECREASE_FACTOR, INCREASE_STEP = 0.7, 0.05
MIN_SHARE = 0.05
"""The rate is a share of the limit: multiplied on each throttling response, raised by a step while there are none."""


def back_off(failures: int, random: float) -> float:
    """Full jitter: between 0 and a bound that doubles with each failure, up to 30 s. `random` is in [0, 1)."""
    return random * min(MAX_BACKOFF, BACKOFF_FIRST * 2.0 ** min(failures, 16))


class Pace:
    """The pace of a run. `per_second` None is no limit of ours; `max_in_flight` bounds the requests in flight."""

    def __init__(self, per_second: float | None, max_in_flight: int) -> None:
        self._limit = per_second
        self._share = 1.0
        self._max_in_flight = max_in_flight
        self._window = float(max_in_flight)
        self._next = -math.inf
        self._owed = 0.0
        self._used = False
        self._paused_until = -math.inf
        self._lowered_at = -math.inf
        self._raised_at = -math.inf
        self._throttled = 0
        self._throttled_at = -math.inf

    @property
    def window(self) -> int:
        """How many requests may be in flight."""
        return max(1, int(self._window))

    @property
    def paused_until(self) -> float:
        return self._paused_until

    def slots(self, now: float, wanted: int) -> list[float]:
        """When up to `wanted` messages may go out, all within `AHEAD`. A returned slot is taken."""
        if now < self._paused_until:
            return []
        if self._limit is None:
            return [now] * wanted
        gap = 1.0 / (self._limit * self._share)
        self._delay_until(now)
        found: list[float] = []
        while len(found) < wanted and self._next <= now + AHEAD:
            found.append(self._next)
            sooner = min(self._owed, gap * CATCH_UP_SHARE)
            self._owed -= sooner
            self._next += gap - sooner
        return found

    def delay_unused(self, first: float, now: float) -> float:
        """Delays slots that were not used before `now`, and all after them; returns by how many seconds. `first` is the earliest.

        Later slots make up for the time, little by little. To be called once the claims of each call of `slots` are durable.
        """
        by = 0.0 if self._limit is None else max(0.0, now - first)
        self._delay_until(self._next + by)
        self._used = True
        return by

    def _delay_until(self, moment: float) -> None:
        """No slot before `moment`. Before the first message goes out nothing is owed: the run begins with that message."""
        if moment > self._next:
            if self._used:
                self._owed = min(MAX_OWED, self._owed + moment - self._next)
            self._next = moment

    def next_slot(self, now: float) -> float:
        """The earliest time at which `slots` may return any."""
        return max(self._paused_until, now if self._limit is None else self._next - AHEAD)

    def throttled(self, now: float, due: float, retry_after: float | None, random: float) -> bool:
        """The API throttled a request that was due at `due`: pauses, then lets a single request try.

        The first pause is `retry_after`, or a back-off without one. If the single request is throttled too, the pause is the longer
        of both. Returns whether this was such a request. Others that were due before the first throttling response came are of the
        same burst: they may only lengthen the pause.
        """
        after_wait = due >= self._throttled_at > -math.inf
        if not after_wait and self._throttled:
            self.pause(now + (retry_after or 0.0))
            return False
        wait = back_off(self._throttled, random) if self._throttled or retry_after is None else 0.0
        self._throttled += 1
        self._throttled_at = now
        self.pause(now + max(wait, retry_after or 0.0))
        self._window = 1.0
        if now - self._lowered_at >= 1.0:
            self._share = max(MIN_SHARE, self._share * DECREASE_FACTOR)
            self._lowered_at = now
        return after_wait

    def pause(self, until: float) -> None:
        """No slot before `until`. What was owed is not made up for."""
        self._paused_until = max(self._paused_until, until)
        self._owed = 0.0
        self._next = max(self._next, self._paused_until)

    def succeeded(self, now: float) -> None:
        """A response that did not throttle: widens the window and raises the rate a little."""
        self._throttled = 0
        self._window = min(float(self._max_in_flight), self._window + 1.0)
        if self._share < 1.0 and now - max(self._lowered_at, self._raised_at) >= 1.0:
            self._share = min(1.0, self._share + INCREASE_STEP)
            self._raised_at = now


def senders_needed(per_second: float | None, latency_seconds: float, max_senders: int) -> int:
    """How many connections sustain a rate at a latency, with 30 percent to spare; all of them without a limit."""
    if per_second is None:
        return max_senders
    return min(max_senders, math.ceil(per_second * latency_seconds * 1.3) + 1)
