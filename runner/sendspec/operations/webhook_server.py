"""The receiver over HTTP: POST to one path, in bounded time and memory. A proxy in front of it brings TLS."""

from __future__ import annotations

import errno
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from typing import Any

from sendspec.operations.webhook_verify import MAX_BODY
from sendspec.provider.body_length import body_length

READ_SECONDS = 10.0
"""How long a request may take to arrive, from the connection on."""
MAX_CONNECTIONS = 64
POLL_SECONDS = 0.1
MAX_DISCARDED = 2 * MAX_BODY
"""Bytes of a refused body that are read, so that the client gets the answer instead of a reset."""
DISCARDING_SECONDS = 2.0
ENDING_SECONDS = 1.0
"""How long a request that is arriving has left at the end."""
BIND_TRIES = 20
RETRY_SECONDS = 5
FULL = f"HTTP/1.1 503 \r\nRetry-After: {RETRY_SECONDS}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()

Receive = Callable[[Sequence[tuple[str, str]], bytes], int]


class _Exchange(BaseHTTPRequestHandler):
    """One connection with one request. `target` and `receive` are set on a subclass for each server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = READ_SECONDS
    server: _Server
    target: str
    receive: Receive

    def do_POST(self) -> None:
        length = body_length(self.headers)
        if self._target() != self.target:
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
            self._refuse(405 if self._target() == self.target else 404)

    def _target(self) -> str:
        """As it was sent: `path` has one slash at its beginning where there were several."""
        words = self.requestline.split()
        return words[1] if len(words) > 1 else ""

    def _refuse(self, status: int) -> None:
        """Refuses a request whose body was not read."""
        self.request_version = self.protocol_version  # an unreadable request counts as HTTP/0.9, which has no headers
        self._answer(status)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(DISCARDING_SECONDS)
            left = MAX_DISCARDED
            while left > 0 and (block := self.connection.recv(65_536)):
                left -= len(block)

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


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # those in hand are answered before it ends
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], exchange: type[_Exchange], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._slots = threading.Semaphore(MAX_CONNECTIONS)
        self._deadlines: dict[Any, float] = {}
        self._changing = threading.Condition()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, exchange)

    def server_bind(self) -> None:
        """Without the look-up of a name that the standard library makes of the address."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            with suppress(OSError):
                request.setblocking(False)
                request.send(FULL)
            self.shutdown_request(request)
            return
        with self._changing:
            self._deadlines[request] = self._monotonic() + READ_SECONDS
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._leave(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(request)

    def _leave(self, request: Any) -> None:
        self.has_arrived(request)
        self._slots.release()

    def has_arrived(self, request: Any) -> None:
        """The whole request was read, or won't be: it has no deadline any more."""
        with self._changing:
            self._deadlines.pop(request, None)
            self._changing.notify()

    def service_actions(self) -> None:
        """Ends connections whose request takes too long: the library's time-out begins again with each byte."""
        now = self._monotonic()
        with self._changing:
            late = [request for request, deadline in self._deadlines.items() if now > deadline]
        for request in late:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Stops accepting. Gives requests that are arriving a moment; they come again if it wasn't enough."""
        self.shutdown()
        self.socket.close()
        with self._changing:
            self._changing.wait_for(lambda: not self._deadlines, ENDING_SECONDS)
            self._deadlines = dict.fromkeys(self._deadlines, -inf)
        self.service_actions()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Reports nothing: clients may disconnect at any time. What is not answered comes again."""


def _bound(address: tuple[str, int], exchange: type[_Exchange], monotonic: Callable[[], float]) -> _Server:
    """A server that listens. One that is just ending may have the port for a moment."""
    for _ in range(BIND_TRIES - 1):
        try:
            return _Server(address, exchange, monotonic)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        time.sleep(POLL_SECONDS)
    return _Server(address, exchange, monotonic)


@contextmanager
def receiving(address: tuple[str, int], target: str, receive: Receive, monotonic: Callable[[], float]) -> Iterator[str]:
    """Answers POST requests to the path and query `target` while the block runs, then those in hand. Yields the address that it listens on.

    `receive` takes headers and body, and returns the status. Raises OSError if the address can't be listened on.
    """
    exchange = type("Exchange", (_Exchange,), {"target": target, "receive": staticmethod(receive)})
    server = _bound(address, exchange, monotonic)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"[{host!s}]:{port}" if ":" in str(host) else f"{host!s}:{port}"
    finally:
        server.end()
        thread.join()
