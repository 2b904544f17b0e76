"""An HTTP server that bounds its connections, and how long each request may take to arrive."""

from __future__ import annotations

import errno
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass

POLL_SECONDS = 0.1
ENDING_SECONDS = 1.0
"""How long a request that is arriving has left at the end."""
DISCARDING_SECONDS = 2.0
"""How long a client may pause while a request of its that was refused is read."""
RETRY_SECONDS = 5
FULL = f"HTTP/1.1 503 \r\nRetry-After: {RETRY_SECONDS}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBounds:
    """`read_seconds`: how long a request may take to arrive, from the connection on. `cuts_answers`: at the end, nobody waits for them.

    `makes_room`: where there are as many connections as there may be, a new one takes the place of the oldest whose request
    has not arrived, and of which the handler hasn't said that it `is_welcome`.
    `bind_tries`, `POLL_SECONDS` apart, are for a port that a server which is ending still has.
    """

    connections: int
    read_seconds: float
    cuts_answers: bool = False
    makes_room: bool = False
    bind_tries: int = 20


class BoundedServer(ThreadingHTTPServer):
    """Each connection has one request, and its handler says when that `has_arrived`."""

    daemon_threads = False  # those in hand are answered before it ends
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        exchange: type[BaseHTTPRequestHandler],
        bounds: ServerBounds,
        monotonic: Callable[[], float],
    ) -> None:
        self._bounds = bounds
        self._monotonic = monotonic
        self._deadlines: dict[Any, float] = {}
        self._welcome: set[Any] = set()
        self._answering: set[Any] = set()
        self._changing = threading.Condition()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, exchange)

    def server_bind(self) -> None:
        """Without the look-up of a name that the standard library makes of the address."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._has_place(request):
            with suppress(OSError):
                request.setblocking(False)
                request.send(FULL)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._leave(request)
            raise

    def _has_place(self, request: Any) -> bool:
        """Takes a place for the connection, if there is one."""
        oldest = None
        with self._changing:
            if len(self._deadlines) + len(self._answering) >= self._bounds.connections:
                others = (each for each in self._deadlines if each not in self._welcome)
                oldest = next(others, None) if self._bounds.makes_room else None
                if oldest is None:
                    return False
                del self._deadlines[oldest]
            self._deadlines[request] = self._monotonic() + self._bounds.read_seconds
        if oldest is not None:
            _cut([oldest])
        return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(request)

    def _leave(self, request: Any) -> None:
        with self._changing:
            self._deadlines.pop(request, None)
            self._welcome.discard(request)
            self._answering.discard(request)
            self._changing.notify()

    def is_welcome(self, request: Any, seconds: float) -> None:
        """What has arrived of the request entitles it to its place. The rest may take so long from now."""
        with self._changing:
            if request in self._deadlines:
                self._deadlines[request] = self._monotonic() + seconds
                self._welcome.add(request)

    def has_arrived(self, request: Any) -> None:
        """The whole request was read: it has no deadline any more."""
        with self._changing:
            self._deadlines.pop(request, None)
            self._answering.add(request)
            self._changing.notify()

    def service_actions(self) -> None:
        """Ends connections whose request takes too long: the library's time-out begins again with each byte."""
        now = self._monotonic()
        with self._changing:
            late = [request for request, deadline in self._deadlines.items() if now > deadline]
        _cut(late)

    def end(self) -> None:
        """Stops accepting. Gives requests that are arriving a moment; they come again if it wasn't enough."""
        self.shutdown()
        self.socket.close()
        with self._changing:
            self._changing.wait_for(lambda: not self._deadlines and not self._is_cutting, ENDING_SECONDS)
            self._deadlines = dict.fromkeys(self._deadlines, -inf)
            unread = list(self._answering) if self._bounds.cuts_answers else []
        self.service_actions()
        _cut(unread)
        self.server_close()

    @property
    def _is_cutting(self) -> bool:
        return self._bounds.cuts_answers and bool(self._answering)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Reports nothing: clients may disconnect at any time."""


def written_target(exchange: BaseHTTPRequestHandler) -> str:
    """What the request names, as it was sent: the library's `path` has one slash at its beginning where there were several."""
    words = exchange.requestline.split()
    return words[1] if len(words) > 1 else ""


def discard_rest(connection: socket.socket, most: int) -> None:
    """Ends an answer, and reads up to `most` bytes of a refused request, so that the client gets the answer instead of a reset."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(DISCARDING_SECONDS)
        left = most
        while left > 0 and (block := connection.recv(65_536)):
            left -= len(block)


def _cut(requests: list[Any]) -> None:
    for request in requests:
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)


def bound_server(
    address: tuple[str, int],
    exchange: type[BaseHTTPRequestHandler],
    bounds: ServerBounds,
    monotonic: Callable[[], float],
) -> BoundedServer:
    """A server that listens. One that is just ending may have the port for a moment. Raises OSError."""
    for _ in range(bounds.bind_tries - 1):
        try:
            return BoundedServer(address, exchange, bounds, monotonic)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        time.sleep(POLL_SECONDS)
    return BoundedServer(address, exchange, bounds, monotonic)
