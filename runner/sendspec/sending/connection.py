"""One sender's connection: urllib3 connects and verifies it, the exchange of one message is ours.

The connection stands before a message is claimed. Head and body go out in one write, and a flag is set by the statement
before: what happened is decided from that flag, as the same exception comes whether the server got nothing or everything.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.util import wait_for_read
from urllib3.util.ssl_ import create_urllib3_context

from sendspec import __version__
from sendspec.provider.http_response import HttpResponse, UnreadableResponse, read_response

CONNECT_SECONDS = 10.0
CHUNK = 64 * 1024
TIMEOUT_SLACK = 0.05
"""An exchange may take that much longer, in seconds, than its deadline allows."""


class ConnectionFailed(Exception):
    """No connection could be made, so nothing of a message can be out. `lasting`: another try won't help."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where messages go. `path` begins with /; `peer_allowed` judges the address that the host's name led to."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str
    authorization: str = field(repr=False)
    peer_allowed: Callable[[str], bool]

    def head(self, method: str = "POST", query: str = "") -> bytes:
        """The request's head up to the headers that differ from message to message."""
        lines = [
            f"{method} {self.path}{query} HTTP/1.1",
            f"Host: {self.authority}",
            f"Authorization: {self.authorization}",
            *(["Content-Type: application/json"] if method == "POST" else []),
            "Accept: application/json",
            "Accept-Encoding: identity",
            f"User-Agent: sendspec/{__version__}",
        ]
        return ("\r\n".join(lines) + "\r\n").encode("ascii")


def verifying_context() -> ssl.SSLContext:
    """The one TLS context of a run: making it costs 40 ms, and given to urllib3 it has to bring its own certificates.

    Not `load_default_certs`: OpenSSL would trust whom SSL_CERT_FILE and SSL_CERT_DIR name.
    """
    context = create_urllib3_context()
    own = ssl.get_default_verify_paths()
    for file, folder in ((own.openssl_cafile, None), (None, own.openssl_capath)):
        if Path(file or folder or "").exists():
            context.load_verify_locations(file, folder)
    return context


class Connection:
    """One thread's connection. `wrote` says whether a byte of the present message may have left."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, monotonic: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._head = endpoint.head()
        self._context = context
        self._monotonic = monotonic
        self._http: HTTPConnection | None = None
        self._reusable = False
        self.wrote = False

    @property
    def authorization(self) -> str:
        """The value of the header, for finding it in what is answered."""
        return self._endpoint.authorization

    @property
    def reusable(self) -> bool:
        """Whether the last exchange left a connection to use again. `stand` tells whether it still is one."""
        return self._http is not None and self._reusable

    def ensure(self) -> None:
        """Makes sure that the connection is there and idle. Raises `ConnectionFailed`."""
        if self._http is not None and not (self._reusable and _arrived(self._http.sock) is None):
            self.close()  # used up, closed by the server, or bytes that nobody asked for
        if self._http is None:
            self._http = self._connected()
            self._reusable = True

    def extra_arrived(self) -> bool:
        """Whether bytes have arrived behind the answer that was read last. Doesn't wait for any; the connection is of no more use."""
        arrived = None if self._http is None else _arrived(self._http.sock)
        self._reusable = self._reusable and arrived is None
        return bool(arrived)

    def _connected(self) -> HTTPConnection:
        connection = self._made()
        try:
            connection.connect()
            peer = connection.sock.getpeername()[0]
            allowed = self._endpoint.peer_allowed(peer)
        except (ssl.SSLCertVerificationError, SSLError) as error:
            connection.close()
            raise ConnectionFailed(
                f"{self._endpoint.authority} can't prove who it is: {_reason(error)}", lasting=True
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
                f"{self._endpoint.host} leads to {peer}, an address inside a private network", lasting=True
            )
        return connection

    def _made(self) -> HTTPConnection:
        endpoint = self._endpoint
        if endpoint.scheme == "https":
            return HTTPSConnection(endpoint.host, endpoint.port, timeout=CONNECT_SECONDS, ssl_context=self._context)
        return HTTPConnection(endpoint.host, endpoint.port, timeout=CONNECT_SECONDS)

    def post(self, body: bytes, idempotency_key: str, deadline: float, *, max_body: int) -> HttpResponse:
        """Sends one request and reads its answer, all before `deadline` (monotonic seconds). Raises `UnreadableResponse`."""
        request = b"%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (
            self._head,
            idempotency_key.encode("ascii"),
            len(body),
            body,
        )
        return self._answered(request, deadline, max_body)

    def get(self, query: str, deadline: float, *, max_body: int) -> HttpResponse:
        """Asks for the endpoint's list, and reads the answer before `deadline` (monotonic seconds). Raises `UnreadableResponse`."""
        return self._answered(self._endpoint.head("GET", query) + b"\r\n", deadline, max_body)

    def _answered(self, request: bytes, deadline: float, max_body: int) -> HttpResponse:
        try:
            answer = self._exchange(request, deadline, max_body)
        except BaseException:
            self.close()
            raise
        self._reusable = answer.reusable
        return answer

    def _exchange(self, request: bytes, deadline: float, max_body: int) -> HttpResponse:
        assert self._http is not None
        sock = self._http.sock
        _limit(sock, max(0.001, deadline - self._monotonic()))
        self.wrote = True
        try:
            sock.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # an early answer may lie there: a server may refuse before it has read the body
        except OSError as error:
            raise UnreadableResponse(f"the connection broke while writing: {_reason(error)}") from None

        def receive() -> bytes:
            left = deadline - self._monotonic()
            if left <= 0:
                raise UnreadableResponse("no whole answer came in time")
            _limit(sock, left)
            try:
                return bytes(sock.recv(CHUNK))
            except TimeoutError:
                raise UnreadableResponse("no answer came in time") from None
            except OSError as error:
                raise UnreadableResponse(f"the connection broke before the answer: {_reason(error)}") from None

        return read_response(receive, max_body=max_body)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None


def _arrived(sock: socket.socket) -> bytes | None:
    """A byte that waits on the connection; empty at its end, None where there is nothing to read. A byte is taken off.

    A TLS record without application data is nothing: a server sends session tickets at any time after the handshake (RFC 8446,
    section 4.6.1). They make the socket readable, so urllib3's `is_connected` takes them for the end of the connection.
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


def _limit(sock: socket.socket, seconds: float) -> None:
    """Setting a timeout is a system call, at which other threads get in: not for a few hundredths of a second."""
    if abs(seconds - (sock.gettimeout() or 0.0)) > TIMEOUT_SLACK:
        sock.settimeout(seconds)


def _reason(error: BaseException) -> str:
    """The cause in a few words; urllib3 wraps what the system said."""
    cause = error.__cause__ or error.__context__ or error
    said = (
        getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    )
    return str(said)[:200].lower()
