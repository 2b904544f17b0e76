"""A small, fast server that behaves like the API, fails as it is told, and records what it accepted."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 1_000
WAYS = ("drop taken", "drop", "500 taken", "500", "429", "slow", "cut taken")
FOREIGN_SHARE = 0.02
LOOKS_EACH = 8
"""A look at the ledger for each request would slow them all down."""


class Api:
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
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Empties the list: another round begins, with other messages."""
        with self._lock:
            self.taken, self._messages = {}, []

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline():
                    method, target, _ = line.split(b" ", 2)
                    length = 0
                    while (header := stream.readline()) not in (b"\r\n", b""):
                        if header.lower().startswith(b"content-length:"):
                            length = int(header.split(b":")[1])
                    body = stream.read(length)
                    if len(body) < length:
                        return
                    answer = self._list(target.decode()) if method == b"GET" else self._post(json.loads(body))
                    if answer is None:
                        return
                    connection.sendall(answer)
        except OSError:
            return

    def _post(self, payload: dict[str, Any]) -> bytes | None:
        with self._lock:
            self.posts += 1
            if self._state_of is not None and self.posts % LOOKS_EACH == 0:
                self.unclaimed += self._state_of(payload["reference"]) in (None, "planned")
            way = self._chance.choice(WAYS) if self._chance.random() < self.share else ""
            if self.share and self._chance.random() < self.share * FOREIGN_SHARE:
                way = "foreign"
            message = {
                "id": f"id-{self.posts}", "reference": payload["reference"], "receiver": payload["receiver"],
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
            return _http(500, {"code": "x", "message": "y"})
        if way == "429":
            return _http(429, {"code": "TooManyRequests", "message": "y"}, "Retry-After: 0")
        answer = _http(202, {**message, "reference": foreign} if way == "foreign" else message)
        return answer[: len(answer) // 2] if way.startswith("cut") else answer

    def _list(self, target: str) -> bytes:
        start = int(parse_qs(urlsplit(target).query).get("pageToken", ["0"])[0])
        with self._lock:
            page: dict[str, Any] = {"results": self._messages[start : start + PAGE]}
            if len(self._messages) > start + PAGE:
                page["nextPageToken"] = str(start + PAGE)
        return _http(200, page)


def _http(status: int, body: dict[str, Any], *more: str) -> bytes:
    content = json.dumps(body).encode()
    head = "\r\n".join(
        [f"HTTP/1.1 {status} X", "Content-Type: application/json", *more, f"Content-Length: {len(content)}"]
    )
    return head.encode() + b"\r\n\r\n" + content
