"""A small, fast server that behaves like the API, fails as it is told, and records what it accepted."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from json_server import JsonServer, http_response

PAGE = 1_000
WAYS = ("drop taken", "drop", "500 taken", "500", "429", "slow", "cut taken")
FOREIGN_SHARE = 0.02
LOOKS_EACH = 8
"""A look at the ledger for each request would slow them all down."""


class Api(JsonServer):
    """`share` of the POSTs go wrong, in ways drawn from `seed`; `taken` counts the acceptances of each reference.

    `state_of` tells what the ledger says of a reference at this moment; `unclaimed` counts the requests that it allowed nobody
    to send.
    """

    def __init__(self, seed: int, share: float = 0.1, state_of: Callable[[str], str | None] | None = None) -> None:
        self.share = share
        self.unclaimed = 0
        self._state_of = state_of
        self.posts = 0
        self.taken: dict[str, list[str]] = {}
        self.last = "none"
        self._messages: list[dict[str, Any]] = []
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        super().__init__()

    def forget(self) -> None:
        """Empties the list: another round begins, with other messages."""
        with self._lock:
            self.taken, self._messages = {}, []

    def answer_post(self, body: dict[str, Any]) -> bytes | None:
        with self._lock:
            self.posts += 1
            if self._state_of is not None and self.posts % LOOKS_EACH == 0:
                self.unclaimed += self._state_of(body["reference"]) in (None, "planned")
            way = self._chance.choice(WAYS) if self._chance.random() < self.share else ""
            if self.share and self._chance.random() < self.share * FOREIGN_SHARE:
                way = "foreign"
            message = {
                "id": f"id-{self.posts}", "reference": body["reference"], "receiver": body["receiver"],
                "status": "accepted",
            }  # fmt: skip
            if not way or way == "slow" or way.endswith("taken"):
                self.taken.setdefault(message["reference"], []).append(message["id"])
                self._messages.append(message)
            foreign = self.last if self.last != message["reference"] else "none"
            self.last = message["reference"]
        if way == "slow":
            time.sleep(0.05)
        if way.startswith("drop"):
            return None
        if way.startswith("500"):
            return http_response(500, {"code": "x", "message": "y"})
        if way == "429":
            return http_response(429, {"code": "TooManyRequests", "message": "y"}, "Retry-After: 0")
        answer = http_response(202, {**message, "reference": foreign} if way == "foreign" else message)
        return answer[: len(answer) // 2] if way.startswith("cut") else answer

    def answer_get(self, target: str) -> bytes:
        start = int(parse_qs(urlsplit(target).query).get("pageToken", ["0"])[0])
        with self._lock:
            page: dict[str, Any] = {"results": self._messages[start : start + PAGE]}
            if len(self._messages) > start + PAGE:
                page["nextPageToken"] = str(start + PAGE)
        return http_response(200, page)
