"""Serves the sandbox's page beside the API: who may ask, its forms, and the stream that tells of changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from sendspec.provider.body_length import body_length
from sendspec.sandbox.change_watch import ChangeWatch
from sendspec.sandbox.page import MAX_FORM, PAGE_PATH, PageReply, SandboxPage
from sendspec.sandbox.page_access import PAGE_HEADERS, Admitted, Entering, PageAccess, Turned
from sendspec.sandbox.page_feed import EVENT_STREAM, FULL, PageFeed

EVENTS = "events"
"""The stream's place below the page's path."""
LOOK_SECONDS = 0.2
"""How often to look for changes while a page is open."""
HEARTBEAT_SECONDS = 1.0
"""Going from page to page leaves a stream behind each time, and there is room for few: a closed one has to be noticed soon."""
REST = 4
"""After a page was made, this many times as long is left to other work."""
_WORDS = {"Content-Type": "text/plain; charset=utf-8", "Content-Security-Policy": "default-src 'none'"}


class ServedPage:
    """A page with its link's token and with the path that its cookie is bound to, as in `secret_path`. `watch` says whether anything has changed."""

    def __init__(
        self, page: SandboxPage, token: str, secret: str, watch: ChangeWatch, monotonic: Callable[[], float], *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:  # fmt: skip
        self._page = page
        self._token = token
        page.base = f"{PAGE_PATH.rstrip('/')}{secret}"
        self._watch = watch
        self._monotonic = monotonic
        self._heartbeat_seconds = heartbeat_seconds
        self._feed = PageFeed()
        self._is_open = threading.Event()
        self._ended = threading.Event()
        self._took = 0.0

    owns = staticmethod(SandboxPage.owns)

    def answer(self, exchange: BaseHTTPRequestHandler) -> None:
        """Answers a request of a server that listens on this machine only."""
        port: int = exchange.connection.getsockname()[1]
        admission = self._access(port).admission(exchange.command, exchange.path, exchange.headers)
        match admission:
            case Entering(cookie=cookie, from_elsewhere=True):
                headers = {**_WORDS, "Content-Type": "text/html; charset=utf-8", "Set-Cookie": cookie}
                _write(exchange, PageReply(status=200, body=admission.onward_page, headers=headers))
            case Entering(location, cookie, status):
                _write(exchange, PageReply(status=status, headers={"Location": location, "Set-Cookie": cookie}))
            case Turned(status, reason):
                exchange.close_connection = True  # there may be a body that nobody has read
                _write(exchange, PageReply(status=status, body=f"{reason}\n".encode(), headers=_WORDS))
            case Admitted() if exchange.command == "POST":
                self._post(exchange)
            case Admitted() if self._inside(exchange.path).partition("?")[0] == PAGE_PATH + EVENTS:
                self._stream(exchange)
            case Admitted():
                began = self._monotonic()
                reply = self._page.get(self._inside(exchange.path))
                self._took = self._monotonic() - began
                _write(exchange, reply)

    def _access(self, port: int) -> PageAccess:
        return PageAccess(token=self._token, port=port, path=self._page.base, entry=PAGE_PATH)

    def _inside(self, target: str) -> str:
        """The target without the secret part of its path, which programs that send the token need not have."""
        base = self._page.base
        return PAGE_PATH + target.removeprefix(base) if target.startswith(base) else target

    def _post(self, exchange: BaseHTTPRequestHandler) -> None:
        length = body_length(exchange.headers)
        if length is None or length > MAX_FORM:
            exchange.close_connection = True
            _write(exchange, PageReply(status=413 if length else 411, body=b"no form of this page\n", headers=_WORDS))
            return
        body = exchange.rfile.read(length)
        if len(body) == length:
            _write(exchange, self._page.post(self._inside(exchange.path), body))

    def _stream(self, exchange: BaseHTTPRequestHandler) -> None:
        """Tells of changes until the reader or the sandbox goes away. A reader that never reads is cut off by the socket's time-out."""
        exchange.close_connection = True
        with self._feed.stream() as has_room:
            _begin(exchange, 200, {"Content-Type": EVENT_STREAM, "Connection": "close"})
            if not has_room:
                exchange.wfile.write(FULL)
                return
            self._is_open.set()

            def write(event: bytes) -> None:
                exchange.wfile.write(event)
                exchange.wfile.flush()

            with suppress(OSError):
                self._feed.write_to(write, self._heartbeat_seconds)

    def listens_at(self, url: str) -> str:
        """Tells the page where it is. Returns the link that opens it."""
        self._page.url = url
        return self._access(urlsplit(url).port or 80).link

    @contextmanager
    def running(self) -> Iterator[None]:
        """Looks for changes in a thread of its own while the block runs, once a page was opened."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._is_open.set()
            self._feed.end()
            thread.join()

    def _look(self) -> None:
        self._is_open.wait()
        told = ""
        while not self._ended.is_set():
            with suppress(Exception):  # the file may be locked, or gone for a moment: the next round looks again
                if told != (version := self._watch.version()):
                    told = version
                    self._feed.changed()
            self._ended.wait(max(LOOK_SECONDS, REST * self._took))


def _write(exchange: BaseHTTPRequestHandler, reply: PageReply) -> None:
    closing = {"Connection": "close"} if exchange.close_connection else {}
    _begin(exchange, reply.status, {"Content-Length": str(len(reply.body)), **closing, **reply.headers})
    exchange.wfile.write(reply.body)


def _begin(exchange: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str]) -> None:
    exchange.send_response(status)
    for name, value in {**PAGE_HEADERS, **headers}.items():
        exchange.send_header(name, value)
    exchange.end_headers()
