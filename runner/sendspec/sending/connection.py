"""One sender's connection: urllib3 connects and verifies it; the exchange of one request is ours.

The connection is made before a message is claimed. A request goes out in one write, and a flag is set just before it. The flag
decides what happened, since the same exception comes whether the server got nothing or everything.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import cache
from pathlib import Path

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.util import wait_for_read
from urllib3.util.ssl_ import create_urllib3_context

from sendspec.provider.endpoint import Endpoint
from sendspec.provider.http_response import HttpResponse, UnreadableResponse, read_response
from sendspec.provider.request import get_request, post_request, request_head

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024
TIMEOUT_SLACK_SECONDS = 0.05
"""How many seconds an exchange may run past its deadline."""


class ConnectionFailed(Exception):
    """No connection could be made, so no byte of a message can have left. `permanent`: another try won't help."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


@cache
def verifying_context() -> ssl.SSLContext:
    """The one TLS context of a process: making it takes 40 ms, and urllib3 loads no certificates into a context it is given.

    Not `load_default_certs`: OpenSSL would trust the files that SSL_CERT_FILE and SSL_CERT_DIR name.
    """
    context = create_urllib3_context()
    own = ssl.get_default_verify_paths()
    for file, folder in ((own.openssl_cafile, None), (None, own.openssl_capath)):
        if Path(file or folder or "").exists():
            context.load_verify_locations(file, folder)
    return context


class Connection:
    """One thread's connection. `wrote` says whether a byte of the current request may have left."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, monotonic: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._head = request_head(endpoint, "POST")
        self._context = context
        self._monotonic = monotonic
        self._http: HTTPConnection | None = None
        self._reusable = False
        self.wrote = False

    @property
    def authorization(self) -> str:
        """The header's value, for redacting it in responses."""
        return self._endpoint.authorization

    @property
    def reusable(self) -> bool:
        """Whether the last exchange left the connection usable. `ensure` checks whether it still is."""
        return self._http is not None and self._reusable

    def ensure(self) -> None:
        """Makes sure that the connection is open and idle. Raises `ConnectionFailed`."""
        if self._http is not None and not (self._reusable and _received_byte(self._http.sock) is None):
            self.close()  # used up, closed by the server, or holding bytes that nobody asked for
        if self._http is None:
            self._http = self._connected()
            self._reusable = True

    def extra_arrived(self) -> bool:
        """Whether bytes have arrived behind the last response, without waiting. If so, the connection can't be reused."""
        arrived = None if self._http is None else _received_byte(self._http.sock)
        self._reusable = self._reusable and arrived is None
        return bool(arrived)

    def _connected(self) -> HTTPConnection:
        connection = self._unconnected()
        try:
            connection.connect()
            peer = connection.sock.getpeername()[0]
            allowed = self._endpoint.peer_allowed(peer)
        except (ssl.SSLCertVerificationError, SSLError) as error:
            connection.close()
            raise ConnectionFailed(
                f"{self._endpoint.authority} can't prove who it is: {_reason(error)}", permanent=True
            ) from None
        except (OSError, HTTPError) as error:
            connection.close()
            raise ConnectionFailed(f"{self._endpoint.authority} can't be reached: {_reason(error)}") from None
        except BaseException:
            connection.close()
            raise
        if not allowed:
            connection.close()
            raise ConnectionFailed(
                f"{self._endpoint.host} leads to {peer}, an address inside a private network", permanent=True
            )
        return connection

    def _unconnected(self) -> HTTPConnection:
        endpoint = self._endpoint
        if endpoint.scheme == "https":
            return HTTPSConnection(endpoint.host, endpoint.port, timeout=CONNECT_SECONDS, ssl_context=self._context)
        return HTTPConnection(endpoint.host, endpoint.port, timeout=CONNECT_SECONDS)

    def post(self, body: bytes, idempotency_key: str, deadline: float, *, max_body: int) -> HttpResponse:
        """Posts one request and reads the response, all before `deadline` (monotonic seconds). Raises `UnreadableResponse`."""
        return self._exchanged(post_request(self._head, body, idempotency_key), deadline, max_body)

    def get(self, query: str, deadline: float, *, max_body: int) -> HttpResponse:
        """Gets the endpoint's list before `deadline` (monotonic seconds). Raises `UnreadableResponse`."""
        return self._exchanged(get_request(self._endpoint, query), deadline, max_body)

    def _exchanged(self, request: bytes, deadline: float, max_body: int) -> HttpResponse:
        try:
            response = self._exchange(request, deadline, max_body)
        except BaseException:
            self.close()
            raise
        self._reusable = response.reusable
        return response

    def _exchange(self, request: bytes, deadline: float, max_body: int) -> HttpResponse:
        assert self._http is not None
        sock = self._http.sock
        _set_timeout(sock, max(0.001, deadline - self._monotonic()))
        self.wrote = True
        try:
            sock.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server may refuse before it has read the body: its response may be waiting
        except OSError as error:
            raise UnreadableResponse(f"the connection broke while writing: {_reason(error)}") from None

        def receive() -> bytes:
            left = deadline - self._monotonic()
            if left <= 0:
                raise UnreadableResponse("no whole answer came in time")
            _set_timeout(sock, left)
            try:
                return bytes(sock.recv(CHUNK_BYTES))
            except TimeoutError:
                raise UnreadableResponse("no answer came in time") from None
            except OSError as error:
                raise UnreadableResponse(f"the connection broke before the answer: {_reason(error)}") from None

        return read_response(receive, max_body=max_body)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None


def _received_byte(sock: socket.socket) -> bytes | None:
    """Takes one waiting byte off the connection; empty at its end, None where nothing has arrived.

    A TLS record without application data doesn't count: a server may send session tickets at any time after the handshake
    (RFC 8446, section 4.6.1). They make the socket readable, which urllib3's `is_connected` takes for a closed connection.
    """
    pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
    if not pending and not wait_for_read(sock, timeout=0.0):
        return None
    timeout = sock.gettimeout()
    sock.settimeout(0.0)
    try:
        return bytes(sock.recv(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    except OSError:
        return b""
    finally:
        sock.settimeout(timeout)


def _set_timeout(sock: socket.socket, seconds: float) -> None:
    """Setting a timeout is a system call that lets other threads in, so a few hundredths of a second are ignored."""
    if abs(seconds - (sock.gettimeout() or 0.0)) > TIMEOUT_SLACK_SECONDS:
        sock.settimeout(seconds)


def _reason(error: BaseException) -> str:
    """The cause in a few words, from the system error that urllib3 wraps."""
    cause = error.__cause__ or error.__context__ or error
    words = (
        getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    )
    return str(words)[:200].lower()
