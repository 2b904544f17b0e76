"""One answer of a running sandbox, or of what is in its place: within a time, however slowly it comes."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.api_url import Api

MAX_ANSWER = 200_000_000


@dataclass(frozen=True, slots=True)
class SandboxAnswer:
    """`read` is the JSON in it."""

    status: int
    read: Any


def sandbox_answer(api: Api, target: str, seconds: float, body: Any = None) -> SandboxAnswer | None:
    """The answer to a GET, or with a `body` to a POST; None where there is none that has JSON within these seconds."""
    connection = http.client.HTTPConnection(api.host, api.port, timeout=seconds)
    headers = {"Authorization": "AccessKey sandbox", "Content-Type": "application/json"}
    method, sent = ("GET", None) if body is None else ("POST", json.dumps(body).encode())
    try:
        connection.connect()
        with _ended_after(connection.sock, seconds):
            connection.request(method, api.prefix + target, sent, headers)
            answer = connection.getresponse()
            return SandboxAnswer(answer.status, json.loads(answer.read(MAX_ANSWER)))
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    finally:
        connection.close()


@contextmanager
def _ended_after(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Cuts the connection then: a socket's own time-out begins again with each byte."""

    def cut() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
