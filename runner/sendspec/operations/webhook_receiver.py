"""Decides on each request of a webhook: signature first, then age, then the spool, and only then 200."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum

from sendspec.operations.captured_request import CapturedRequest, request_line
from sendspec.operations.webhook_settings import SigningKeys
from sendspec.provider.webhook_signature import Unsigned, verify

TAKEN, STALE, UNSIGNED, UNWRITTEN = 200, 400, 401, 503
MAX_AGE = 8 * 86_400
"""Seconds. A retry keeps the timestamp of the first try. Retries are documented for 8 hours and were seen after a day, and a queue in
between may add days. A replay changes nothing, so this only bounds how long a stolen request works at all."""
MAX_AHEAD = 86_400
"""Seconds: clocks differ, and one that is a day off is a mistake that a person has to see."""


class AgeFault(StrEnum):
    TIMESTAMP_OLD = "timestamp_old"
    TIMESTAMP_AHEAD = "timestamp_ahead"


class Receiver:
    """May be called by many threads. `append` writes a line durably, or raises OSError. `tell` hears of the first fault of a kind."""

    def __init__(
        self,
        keys: SigningKeys,
        url: str,
        append: Callable[[bytes], None],
        wall: Callable[[], float],
        tell: Callable[[str, OSError | None], None],
    ) -> None:
        self._keys, self._url, self._append, self._wall, self._tell = keys, url, append, wall, tell
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def counts(self) -> Counter[str]:
        """How many requests were taken, under the empty text, and refused, by reason."""
        with self._lock:
            return self._counts.copy()

    def receive(self, headers: Sequence[tuple[str, str]], body: bytes) -> int:
        """The status to answer with."""
        found = verify(self._keys.keys, self._url, headers, body)
        if isinstance(found, Unsigned):
            return self._refuse(UNSIGNED, found.fault.value)
        now = self._wall()
        if found.timestamp < now - MAX_AGE:
            return self._refuse(STALE, AgeFault.TIMESTAMP_OLD.value)
        if found.timestamp > now + MAX_AHEAD:
            return self._refuse(STALE, AgeFault.TIMESTAMP_AHEAD.value)
        try:
            self._append(request_line(CapturedRequest(self._url, headers, body), now))
        except OSError as error:
            return self._refuse(UNWRITTEN, "disk", error)
        self._count("")
        return TAKEN

    def _refuse(self, status: int, reason: str, error: OSError | None = None) -> int:
        if self._count(reason) == 1:
            self._tell(reason, error)
        return status

    def _count(self, reason: str) -> int:
        with self._lock:
            self._counts[reason] += 1
            return self._counts[reason]
