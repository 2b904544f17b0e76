"""What a POST is answered because of the numbers that it names (`ending.py`)."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sendspec.sandbox.ending import PostAnswer, ending_of
from sendspec.sandbox.refusal import Details, jq_path
from sendspec.sandbox.store import MAX_KEPT, receivers_of

Payload = Mapping[str, Any]


def refused_numbers(payloads: Sequence[Payload], *, batch: bool) -> Details:
    """What a 422 says of numbers that are always refused. A batch is refused as a whole, as for any other mistake."""
    return {
        jq_path((*(("messageRequests", index) if batch else ()), "receiver", "contacts", 0, "identifierValue")): [
            "the sandbox refuses numbers that end in four zeros and 422"
        ]
        for index, payload in enumerate(payloads)
        if _answer(payload) is PostAnswer.REFUSED
    }


def is_doubt(payloads: Sequence[Payload]) -> bool:
    """Whether the POST is accepted and answered 500, for the sake of one of its messages."""
    return any(_answer(payload) is PostAnswer.ACCEPTED_UNSAID for payload in payloads)


class ThrottledOnce:
    """Remembers which messages have had their 429. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._throttled: dict[tuple[str, ...], None] = {}

    def strikes(self, channel: str, payloads: Sequence[Payload]) -> bool:
        """Whether this POST gets a 429: one of its messages has a number that asks for it, and hasn't had it.

        The next POST of the same messages passes, and is forgotten.
        """
        keys = {
            (channel, *receivers_of(payload), str(payload.get("reference", "")))
            for payload in payloads
            if _answer(payload) is PostAnswer.THROTTLED_ONCE
        }
        with self._lock:
            new = [key for key in keys if key not in self._throttled]
            for key in keys:
                self._throttled.pop(key, None)
            if new:
                self._throttled.update(dict.fromkeys(keys))
            while len(self._throttled) > MAX_KEPT:
                del self._throttled[next(iter(self._throttled))]
        return bool(new)


def _answer(payload: Payload) -> PostAnswer | None:
    return ending_of(receivers_of(payload)).answer
