"""The sandbox over HTTP, on this machine only."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.body_length import body_length
from sendspec.provider.path import BATCH_PATH, path_pattern
from sendspec.provider.request import MAX_BATCH
from sendspec.sandbox.api import Reply, Sandbox
from sendspec.sandbox.bounded_server import discard_rest
from sendspec.sandbox.fault import EARLY, SandboxFault
from sendspec.sandbox.page_access import names_this_machine
from sendspec.sandbox.receive import RECEIVE_PATH
from sendspec.sandbox.refusal import error_json
from sendspec.sandbox.response_body import with_foreign_reference
from sendspec.sandbox.store import Store
from sendspec.sandbox.webhook_sender import WebhookSender

if TYPE_CHECKING:
    from sendspec.sandbox.page_server import ServedPage

MAX_BODY = 1_000_000
"""Bytes of one message; a batch may have as many for each of its messages."""
MAX_DISCARDED = 16 * MAX_BODY
"""Bytes of a refused body that are read."""
LOOPBACK = "127.0.0.1"
MAX_CONNECTIONS = 300
"""With more, the one that has waited longest without a request is ended: nobody's idle connections keep others out."""

_AUTHORIZATION = lazy_pattern(r"(?:AccessKey|Bearer) [!-~]+")
_BATCH = path_pattern(BATCH_PATH)
_UNREADABLE = {
    400: "The request can't be read",
    414: "The request's target is too long",
    431: "The request's headers are too long",
    505: "HTTP/1.1 is the version that is spoken here",
}


class _Exchange(BaseHTTPRequestHandler):
    """One connection. `sandbox`, `released`, `webhooks` and `page` are set on a subclass for each server."""

    protocol_version = "HTTP/1.1"
    server_version = "sendspec-sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: _Server
    sandbox: Sandbox
    released: threading.Event
    webhooks: WebhookSender | None
    page: ServedPage | None

    def handle_one_request(self) -> None:
        self.server.waits(self.connection)
        super().handle_one_request()

    def do_POST(self) -> None:
        if not self._is_for_us() or self._is_of_page():
            return
        length = body_length(self.headers)
        if length is None:
            self._refuse(411, error_json("BadRequest", "The length of the body is missing, or no whole number"))
            return
        if length > (MAX_BODY * MAX_BATCH if _BATCH.fullmatch(self._path()) else MAX_BODY):
            self._refuse(413, error_json("BadRequest", "The body is too large"))
            return
        raw = self.rfile.read(length)
        self.server.serves(self.connection)
        if not self._authorized():
            return
        faults = [] if self._path() == RECEIVE_PATH else self.sandbox.next_post()
        for fault in faults:
            if fault.kind == "slow":
                self.released.wait(fault.milliseconds / 1_000)
            elif fault.kind != EARLY and not self._struck(fault, raw):
                return
        reply = self._posted(raw)
        if self.webhooks is not None and any(fault.kind == EARLY for fault in faults):
            self.webhooks.wait_for_first_events()
        self._write(*reply)

    def do_GET(self) -> None:
        if not self._is_for_us():
            return
        self.server.serves(self.connection)
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # an unread body would be parsed as the next request
        if not self._is_of_page() and self._authorized():
            self._write(*self._reply(lambda: self.sandbox.get(self.path)))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers requests that the standard library rejects. It uses 501 for a method without a `do_` method."""
        if code != 501:
            status = code if code in _UNREADABLE else 400
            self._refuse(status, error_json("BadRequest", _UNREADABLE[status]))
        elif self._is_for_us():
            refusal = error_json("MethodNotAllowed", "The method is not allowed here")
            self._refuse(405, refusal, {"Allow": "GET, POST"})

    def _is_for_us(self) -> bool:
        """Whether `Host` names this machine; if not, the request is refused."""
        address = self.server.server_address
        if self.path.startswith("/") and names_this_machine(self.headers, address[1]):
            return True
        self._refuse(421, error_json("MisdirectedRequest", f"The sandbox answers to 127.0.0.1:{address[1]} only"))
        return False

    def _is_of_page(self) -> bool:
        """Whether the request is for the page, which has answered it then."""
        if self.page is None or not self.page.owns(self._path()):
            return False
        try:
            self.page.answer(self)
        except OSError:
            raise
        except Exception:  # a page that can't be made must not end the connection without a word
            self._refuse(500, error_json("InternalError", "The sandbox can't show this"))
        return True

    def _authorized(self) -> bool:
        if _AUTHORIZATION.fullmatch(self.headers.get("Authorization", "")):
            return True
        self._write(401, error_json("Unauthorized", "The access key is missing or not valid"), {})
        return False

    def _posted(self, raw: bytes) -> Reply:
        return self._reply(lambda: self.sandbox.post(self._path(), raw))

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _reply(self, answer: Callable[[], Reply]) -> Reply:
        try:
            return answer()
        except Exception:  # clients have to see any bug as an error of the API
            return 500, error_json("InternalError", "The sandbox can't answer this"), {}

    def _struck(self, fault: SandboxFault, raw: bytes) -> bool:
        """Plays a fault. Returns False, since each ends the exchange."""
        if fault.status is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            self._write(fault.status, error_json("Fault", "The sandbox was asked for this"), headers)
        elif fault.kind == "foreign-reference":
            status, body, headers = self._posted(raw)
            self._write(status, with_foreign_reference(body) if status == 202 else body, headers)
        elif fault.kind == "html":
            self._posted(raw)
            self._raw(200, b"<html>please log in</html>", "text/html", {})
        else:
            if fault.kind != "drop-before":
                self._posted(raw)
            if fault.kind == "hang":
                self.released.wait(self.timeout)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        return False

    def _refuse(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """Refuses a request whose body was not read, and ends the connection."""
        self.close_connection = True
        self.request_version = self.protocol_version  # an unreadable request counts as HTTP/0.9, which has no headers
        self._write(status, body, {"Connection": "close", **(headers or {})})
        self.wfile.flush()
        discard_rest(self.connection, MAX_DISCARDED)

    def _write(self, status: int, body: Any, headers: dict[str, str]) -> None:
        self._raw(status, json.dumps(body, ensure_ascii=False).encode(), "application/json", headers)

    def _raw(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # the name is the standard library's
        """Logs nothing: a request line may contain a person's number."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], exchange: type[_Exchange]) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._waiting: dict[Any, None] = {}
        super().__init__(address, exchange)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open += 1
            oldest = next(iter(self._waiting), None) if self._open > MAX_CONNECTIONS else None
            self._waiting.pop(oldest, None)
            self._waiting[request] = None
        if oldest is not None:
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)
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
        with self._lock:
            self._open -= 1
            self._waiting.pop(request, None)

    def waits(self, request: Any) -> None:
        """The connection has no request, or a part of one."""
        with self._lock:
            self._waiting.pop(request, None)
            self._waiting[request] = None

    def serves(self, request: Any) -> None:
        """The connection's request was read."""
        with self._lock:
            self._waiting.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Reports nothing: clients may disconnect at any time."""


@contextmanager
def serving(
    sandbox: Sandbox, *, port: int = 0, webhooks: WebhookSender | None = None, page: ServedPage | None = None
) -> Iterator[str]:
    """Serves `sandbox` from a thread while the block runs. Yields its URL, such as `http://127.0.0.1:41234`.

    `webhooks` posts the events of its messages from a thread of its own. `page` shows what it has, beside the API.
    """
    released = threading.Event()
    parts = {"sandbox": sandbox, "released": released, "webhooks": webhooks, "page": page}
    exchange = type("Exchange", (_Exchange,), parts)
    server = _Server((LOOPBACK, port), exchange)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with ExitStack() as stack:
            for each in (webhooks, page):
                if each is not None:
                    stack.enter_context(each.running())
            yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        released.set()
        with suppress(OSError):  # only Linux shuts down a socket that listens
            server.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which else looks up at its next poll
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sandbox_at(path: Path | None, clock: Callable[[], float]) -> Iterator[str]:
    """The sandbox as a command starts it for itself: no faults, no rate limit, its messages stored at `path`."""
    store = Store(path)
    try:
        with serving(Sandbox(store, clock)) as url:
            yield url
    finally:
        store.close()
