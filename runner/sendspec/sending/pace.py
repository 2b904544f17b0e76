"""When the next message may go out: slots on a schedule, an open window, and pauses that the API asks for.

Slots, not a bucket: a bucket is late, over the limit, or burns a core. Pure: the present moment is an argument, in monotonic
seconds.
"""

from __future__ import annotations

import math

TICK = 0.02
AHEAD = 2 * TICK
"""Slots are handed out this far ahead, so a crash finds at most that many claims beside the requests in flight."""
MAX_OWED = 0.01
"""What a stall may be paid back of: more would be a burst above the limit."""
BACKOFF_FIRST, MAX_BACKOFF = 0.5, 30.0
LOWERED, RAISED = 0.7, 0.05
SLOWEST = 0.05


def back_off(failures: int, random: float) -> float:
    """Full jitter: somewhere between 0 and a bound that doubles with each failure, 30 s at most. `random` is in [0, 1)."""
    return random * min(MAX_BACKOFF, BACKOFF_FIRST * 2.0 ** min(failures, 16))


class Pace:
    """The shared pace of a run. `per_second` None is no limit of ours; `most` bounds the requests in flight."""

    def __init__(self, per_second: float | None, most: int) -> None:
        self._limit = per_second
        self._share = 1.0
        self._most = most
        self._window = float(most)
        self._next = -math.inf
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
        """Moments at which up to `wanted` messages may go out, all within two ticks from now; taken when returned."""
        if now < self._paused_until:
            return []
        if self._limit is None:
            return [now] * wanted
        gap = 1.0 / (self._limit * self._share)
        self._next = max(self._next, now - min(MAX_OWED, gap))
        found: list[float] = []
        while len(found) < wanted and self._next <= now + AHEAD:
            found.append(self._next)
            self._next += gap
        return found

    def late(self, first: float, now: float) -> float:
        """By how much slots have to be put off of which `first` is the earliest, as they weren't used before `now`.

        The time is lost: making up for it would be more than the limit allows in a second.
        """
        by = now - first - MAX_OWED
        if self._limit is None or by <= 0:
            return 0.0
        self._next += by
        return by

    def next_slot(self, now: float) -> float:
        """The earliest moment worth asking again."""
        return max(self._paused_until, now if self._limit is None else self._next - AHEAD)

    def throttled(self, now: float, sent_at: float, retry_after: float | None, random: float) -> bool:
        """The API answered that it is too much: wait as long as it says, or back off; then try with one message.

        Returns whether the message was such a try. Answers of one burst, sent before the first of them came, count once.
        """
        probe = sent_at >= self._throttled_at > -math.inf
        if not probe and self._throttled:
            self.pause(now + (retry_after or 0.0))
            return False
        wait = back_off(self._throttled, random) if self._throttled or retry_after is None else 0.0
        self._throttled += 1
        self._throttled_at = now
        self.pause(now + max(wait, retry_after or 0.0))
        self._window = 1.0
        if now - self._lowered_at >= 1.0:
            self._share = max(SLOWEST, self._share * LOWERED)
            self._lowered_at = now
        return probe

    def pause(self, until: float) -> None:
        """No slot before `until`."""
        self._paused_until = max(self._paused_until, until)
        self._next = max(self._next, self._paused_until)

    def succeeded(self, now: float) -> None:
        """An answer that is none of the throttling kind: open up again, a little with each."""
        self._throttled = 0
        self._window = min(float(self._most), self._window + 1.0)
        if self._share < 1.0 and now - max(self._lowered_at, self._raised_at) >= 1.0:
            self._share = min(1.0, self._share + RAISED)
            self._raised_at = now


def senders_needed(per_second: float | None, latency_seconds: float, most: int) -> int:
    """How many connections hold a rate at a latency, with a third to spare; all of them where there is no limit."""
    if per_second is None:
        return most
    return min(most, math.ceil(per_second * latency_seconds * 1.3) + 1)
