"""The receiver over HTTP: POST to one path, in bounded time and memory. A proxy in front of it brings TLS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from sendspec.operations.webhook_verify import MAX_BODY
from sendspec.provider.body_length import body_length
from sendspec.sandbox.bounded_server import (
    POLL_SECONDS,
    RETRY_SECONDS,
    BoundedServer,
    ServerBounds,
    bound_server,
    discard_rest,
    written_target,
)

READ_SECONDS = 10.0
"""How long a request may take to arrive, from the connection on."""
MAX_CONNECTIONS = 64
MAX_DISCARDED = 2 * MAX_BODY
"""Bytes of a refused body that are read."""

Receive = Callable[[Sequence[tuple[str, str]], bytes], int]


class _Exchange(BaseHTTPRequestHandler):
    """One connection with one request. `target` and `receive` are set on a subclass for each server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = READ_SECONDS
    server: BoundedServer
    target: str
    receive: Receive

    def do_POST(self) -> None:
        length = body_length(self.headers)
        if written_target(self) != self.target:
            self._refuse(404)
        elif length is None:
            self._refuse(411)
        elif length > MAX_BODY:
            self._refuse(413)
        else:
            body = self.rfile.read(length)
            if len(body) == length:
                self.server.has_arrived(self.connection)
                self._answer(type(self).receive(self.headers.items(), body))
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers requests that the standard library rejects, without repeating them. It uses 501 for a method without a `do_` method."""
        if code != 501:
            self._refuse(code)
        else:
            self._refuse(405 if written_target(self) == self.target else 404)

    def _refuse(self, status: int) -> None:
        """Refuses a request whose body was not read."""
        self.request_version = self.protocol_version  # an unreadable request counts as HTTP/0.9, which has no headers
        self._answer(status)
        discard_rest(self.connection, MAX_DISCARDED)

    def _answer(self, status: int) -> None:
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        if status == 405:
            self.send_header("Allow", "POST")
        if status == 503:
            self.send_header("Retry-After", str(RETRY_SECONDS))
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # the name is the standard library's
        """Logs nothing: a request line may contain a secret of the URL."""


@contextmanager
def receiving(address: tuple[str, int], target: str, receive: Receive, monotonic: Callable[[], float]) -> Iterator[str]:
    """Answers POST requests to the path and query `target` while the block runs, then those in hand. Yields the address that it listens on.

    `receive` takes headers and body, and returns the status. Raises OSError if the address can't be listened on.
    """
    exchange = type("Exchange", (_Exchange,), {"target": target, "receive": staticmethod(receive)})
    bounds = ServerBounds(connections=MAX_CONNECTIONS, read_seconds=READ_SECONDS)
    server = bound_server(address, exchange, bounds, monotonic)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"[{host!s}]:{port}" if ":" in str(host) else f"{host!s}:{port}"
    finally:
        server.end()
        thread.join()
