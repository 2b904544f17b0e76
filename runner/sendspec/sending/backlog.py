"""What is still to be claimed: the plan's messages in their order, and those that may have another try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count

from sendspec.provider.response_rules import FollowUp, statuses_where
from sendspec.sending.run import Sendable

MAX_ATTEMPTS, ATTEMPTS_FEW = 8, 2
FEW_ATTEMPTS = statuses_where(lambda rule: rule.follow_up is FollowUp.ONCE_MORE)
"""Answers that say less of a busy API than of the way to it."""
RETRY_SHARE, MIN_RETRIES = 0.1, 20


class Backlog:
    """`expected` is how many messages there are at most; a tenth of it, but no fewer than 20, is the run's budget of tries."""

    def __init__(self, messages: Iterator[Sendable], expected: int) -> None:
        self._messages = messages
        self._exhausted = False
        self._again: list[tuple[float, int, Sendable]] = []
        self._order = count()
        self._attempts: dict[bytes, int] = {}
        self._budget = max(MIN_RETRIES, RETRY_SHARE * expected)

    @property
    def exhausted(self) -> bool:
        """Whether every message had its first turn."""
        return self._exhausted

    @property
    def empty(self) -> bool:
        return self._exhausted and not self._again

    @property
    def again_at(self) -> float | None:
        """When the first of those that wait may go, in monotonic seconds; None when there are none."""
        return self._again[0][0] if self._again else None

    def take(self, now: float, most: int) -> list[Sendable]:
        """Up to `most` messages, those that waited first."""
        taken: list[Sendable] = []
        while len(taken) < most and self._again and self._again[0][0] <= now:
            taken.append(heappop(self._again)[2])
        while len(taken) < most and not self._exhausted:
            message = next(self._messages, None)
            if message is None:
                self._exhausted = True
            else:
                taken.append(message)
        return taken

    def put_back(self, message: Sendable, at: float) -> None:
        """Not sent: it may go at `at`."""
        heappush(self._again, (at, next(self._order), message))

    def retry(self, messages: Sequence[Sendable], status: int, at: float, *, counts: bool) -> None:
        """A request answered as not processed: another turn at `at`, within each message's tries and, where it `counts`, the run's."""
        self._budget -= counts
        most = ATTEMPTS_FEW if status in FEW_ATTEMPTS else MAX_ATTEMPTS
        for message in messages:
            attempts = self._attempts[message.id] = self._attempts.get(message.id, 0) + 1
            if attempts < most and self._budget >= 0:
                self.put_back(message, at)
