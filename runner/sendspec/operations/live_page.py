"""Serves one page to the user of this machine: the page, a stream of its changes, and answers to what is edited in it.

It can show and compose; nothing here writes or sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.body_length import body_length
from sendspec.sandbox.bounded_server import (
    POLL_SECONDS,
    BoundedServer,
    ServerBounds,
    bound_server,
    discard_rest,
    written_target,
)
from sendspec.sandbox.page_access import PAGE_HEADERS, Admitted, Entering, PageAccess, Turned
from sendspec.sandbox.page_feed import EVENT_STREAM, FULL, PageFeed

LOOPBACK = "127.0.0.1"
MAX_CONNECTIONS = 32
FIRST_SECONDS = 2.0
"""How long a connection may take to say what it wants, and that it may have it."""
READ_SECONDS = 10.0
"""How long an edit may take to arrive after that."""
MAX_EDIT = 100_000
"""Bytes of an edited row."""
EDIT_SECONDS = 10.0
"""How long an edit waits while others are answered."""
MAX_DISCARDED = 2 * MAX_EDIT
"""Bytes of a refused request that are read."""
CHANGES, EDITED = "changes", "edited"
"""What is below the page's path: the stream, and where edits are posted to."""
HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
_BOUNDS = ServerBounds(
    connections=MAX_CONNECTIONS, read_seconds=FIRST_SECONDS, cuts_answers=True, makes_room=True, bind_tries=5
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """What is served. `policy` is the page's content security policy.

    `edited` gets the JSON of an edit and returns status and JSON; it is called by one thread at a time.
    """

    html: Callable[[], str]
    edited: Callable[[bytes], tuple[int, bytes]]
    policy: str
    feed: PageFeed


class _Exchange(BaseHTTPRequestHandler):
    """One connection with one request. `page`, `access` and `editing` are set on a subclass for each server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = READ_SECONDS
    server: BoundedServer
    page: LivePage
    access: PageAccess
    editing: threading.Lock

    def do_GET(self) -> None:
        target = written_target(self)
        if not self._is_admitted(target):
            return
        self._arrived()
        match target.partition("?")[0].removeprefix(self.access.path):
            case "":
                self._answer(200, HTML, self.page.html().encode("utf-8", "replace"))
            case found if found == CHANGES and self.command == "GET":
                self._stream()
            case _:
                self._answer(404, TEXT, b"there is nothing here\n")

    do_HEAD = do_GET  # noqa: N815 - the standard library looks for this name

    def do_POST(self) -> None:
        target = written_target(self)
        if not self._is_admitted(target):
            return
        self.server.is_welcome(self.connection, READ_SECONDS)
        length = body_length(self.headers)
        if target != self.access.path + EDITED:
            self._answer(404, TEXT, b"there is nothing here\n")
        elif length is None:
            self._answer(411, TEXT, b"the length of the body is missing\n")
        elif length > MAX_EDIT:
            self._answer(413, TEXT, b"the row is too large\n")
        elif self.headers.get_content_type() != JSON:
            self._answer(415, TEXT, b"only JSON is read here\n")
        else:
            body = self.rfile.read(length)
            if len(body) == length:
                self._arrived()
                self._edit(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers requests that the standard library rejects, without repeating them. It uses 501 for a method without a `do_` method."""
        self.request_version = self.protocol_version  # an unreadable request counts as HTTP/0.9, which has no headers
        self._answer(405 if code == 501 else code, TEXT, b"", {"Allow": "GET, HEAD, POST"} if code == 501 else {})

    def _arrived(self) -> None:
        self.server.has_arrived(self.connection)

    def _is_admitted(self, target: str) -> bool:
        admission = self.access.admission(self.command, target, self.headers)
        match admission:
            case Admitted():
                return True
            case Entering(cookie=cookie, from_elsewhere=True):
                headers = {"Set-Cookie": cookie, "Content-Security-Policy": "default-src 'none'"}
                self._answer(200, HTML, admission.onward_page, headers)
            case Entering(location, cookie, status):
                self._answer(status, TEXT, b"", {"Location": location, "Set-Cookie": cookie})
            case Turned(status, reason):
                self._answer(status, TEXT, f"{reason}\n".encode())
        return False

    def _edit(self, body: bytes) -> None:
        if not self.editing.acquire(timeout=EDIT_SECONDS):
            self._answer(503, TEXT, b"other edits are composed\n", {"Retry-After": "1"})
            return
        try:
            status, answer = self.page.edited(body)
        finally:
            self.editing.release()
        self._answer(status, JSON, answer)

    def _stream(self) -> None:
        with self.page.feed.stream() as has_room:
            self._begin(200, EVENT_STREAM, {})
            if not has_room:
                self.wfile.write(FULL)
            self.wfile.flush()
            if not has_room:
                return

            def write(event: bytes) -> None:
                self.wfile.write(event)
                self.wfile.flush()

            with suppress(OSError):  # the page was closed, or doesn't read
                self.page.feed.write_to(write)

    def _answer(self, status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._begin(status, kind, {"Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
        if status >= 400:
            discard_rest(self.connection, MAX_DISCARDED)

    def _begin(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        self.close_connection = True
        self.send_response_only(status)
        policy = f"{self.page.policy}; frame-ancestors 'none'" if kind == HTML else "default-src 'none'"
        always = {"Content-Type": kind, "Content-Security-Policy": policy, **PAGE_HEADERS, "Connection": "close"}
        for name, value in {**always, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # the name is the standard library's
        """Logs nothing: a request line may hold the token."""


@contextmanager
def serving_page(
    page: LivePage, access_at: Callable[[int], PageAccess], monotonic: Callable[[], float], *, port: int = 0
) -> Iterator[PageAccess]:
    """Serves `page` from threads while the block runs; yields its access, which has the link. Raises OSError if the port can't be used."""

    class Exchange(_Exchange):
        """One server's."""

    Exchange.page, Exchange.editing = page, threading.Lock()
    server = bound_server((LOOPBACK, port), Exchange, _BOUNDS, monotonic)
    Exchange.access = access = access_at(int(server.server_address[1]))  # before the first request is taken
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        yield access
    finally:
        page.feed.end()
        server.end()
        thread.join()
