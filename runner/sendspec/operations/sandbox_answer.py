"""One answer of a running sandbox, or of what is in its place: within a time, however slowly it comes."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from sendspec.reading.api_url import Api

MAX_ANSWER = 200_000_000


def sandbox_answer(api: Api, target: str, seconds: float) -> Any:
    """The JSON that a GET is answered with; None where that is no answer of a sandbox, or none within these seconds."""
    connection = http.client.HTTPConnection(api.host, api.port, timeout=seconds)
    try:
        connection.connect()
        with _ended_after(connection.sock, seconds):
            connection.request("GET", api.prefix + target, headers={"Authorization": "AccessKey sandbox"})
            answer = connection.getresponse()
            return json.loads(answer.read(MAX_ANSWER)) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
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
