"""One POST to a webhook on this machine."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

POST_SECONDS = 5.0
"""How long a receiver may take to connect, and between two bytes."""
MAX_ANSWER = 65_536
DEFAULT_KEY = "sandbox-signing-key"
"""Signs events unless another key is given: the same one after every start. No secret: the sandbox reaches this machine only."""
_URL = lazy_pattern(
    r"http://(?P<authority>(?P<host>127\.0\.0\.1|localhost|\[::1\])(?::(?P<port>[1-9][0-9]{0,4}))?)"
    r"(?P<target>/[!-\"$-~]*)?", re.ASCII,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where events are posted, and the key that signs them. `url` is signed as it is written."""

    url: str
    key: str = field(repr=False)
    host: str
    port: int
    target: str


def parse_target(url: str, key: str) -> WebhookTarget:
    """Raises ValueError with what is wrong. The events hold numbers and texts, so they never leave this machine."""
    found = _URL.fullmatch(url)
    port = int(found["port"] or 80) if found else 0
    if found is None or port > 65_535:
        raise ValueError("a webhook of the sandbox is an http address on this machine: http://127.0.0.1:8443/path")
    if not key:
        raise ValueError("the signing key is empty: anybody could sign with it")
    if not key.isprintable() or key != key.strip():  # a lone surrogate isn't printable
        raise ValueError("the signing key has a line end, or a space around it")
    return WebhookTarget(url, key, found["host"].strip("[]"), port, found["target"] or "/")


class WebhookConnection:
    """Posts to a target, each time over a connection of its own. Follows no redirect."""

    def __init__(self, target: WebhookTarget) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._open: http.client.HTTPConnection | None = None
        self._is_ended = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        """The status of the answer; None where there was none."""
        connection = http.client.HTTPConnection(self._target.host, self._target.port, timeout=POST_SECONDS)
        try:
            connection.connect()
            with self._lock:
                if self._is_ended:
                    return None
                self._open = connection
            connection.request("POST", self._target.target, body, {**headers, "Connection": "close"})
            answer = connection.getresponse()
            answer.read(MAX_ANSWER)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            with self._lock:
                self._open = None
            connection.close()
        return answer.status

    def end(self) -> None:
        """Cuts off a POST under way, from another thread. No other one begins."""
        with self._lock:
            self._is_ended = True
            if self._open is not None and self._open.sock is not None:
                with suppress(OSError):
                    self._open.sock.shutdown(socket.SHUT_RDWR)
