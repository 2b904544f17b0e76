"""The messages still to be claimed: the plan's in order, and those that wait for a retry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count

from sendspec.provider.response_rules import FollowUp, statuses_where
from sendspec.sending.run import Sendable

MAX_ATTEMPTS, MAX_ATTEMPTS_ONCE_MORE = 8, 2
"""Tries of one message in all, the first included."""
ONCE_MORE = statuses_where(lambda rule: rule.follow_up is FollowUp.ONCE_MORE)
"""Statuses that blame the connection, so that a second try on a new one is worth it. The pace slows down for them as for a 429."""
RETRY_SHARE, MIN_RETRIES = 0.1, 20


class Backlog:
    """`expected` is the largest possible number of messages. The run may retry a number of requests equal to a tenth of it, and at least 20."""

    def __init__(self, messages: Iterator[Sendable], expected: int) -> None:
        self._messages = messages
        self._exhausted = False
        self._again: list[tuple[float, int, Sendable]] = []
        self._order = count()
        self._attempts: dict[bytes, int] = {}
        self._budget = max(MIN_RETRIES, RETRY_SHARE * expected)

    @property
    def exhausted(self) -> bool:
        """Whether every message was taken at least once."""
        return self._exhausted

    @property
    def empty(self) -> bool:
        return self._exhausted and not self._again

    @property
    def again_at(self) -> float | None:
        """When the first retry is due, in monotonic seconds; None without retries."""
        return self._again[0][0] if self._again else None

    def take(self, now: float, limit: int) -> list[Sendable]:
        """Up to `limit` messages, due retries first."""
        taken: list[Sendable] = []
        while len(taken) < limit and self._again and self._again[0][0] <= now:
            taken.append(heappop(self._again)[2])
        while len(taken) < limit and not self._exhausted:
            message = next(self._messages, None)
            if message is None:
                self._exhausted = True
            else:
                taken.append(message)
        return taken

    def put_back(self, message: Sendable, at: float) -> None:
        """Makes a message available again from `at` on, whatever sent it back."""
        heappush(self._again, (at, next(self._order), message))

    def retry(self, messages: Sequence[Sendable], status: int, at: float, *, spends_budget: bool) -> None:
        """Lets the messages of a request that was not processed be taken again from `at` on.

        A message with no tries left is not tried again in this run; once the run's budget is spent, none is. They stay planned.
        """
        if spends_budget:
            self._budget -= 1
        limit = MAX_ATTEMPTS_ONCE_MORE if status in ONCE_MORE else MAX_ATTEMPTS
        for message in messages:
            attempts = self._attempts[message.id] = self._attempts.get(message.id, 0) + 1
            if attempts < limit and self._budget >= 0:
                self.put_back(message, at)
