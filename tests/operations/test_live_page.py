"""The server of a page that is edited, over real sockets: whom it answers, what it takes, and how it ends."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import pytest
from sendspec.operations.live_page import FIRST_SECONDS, MAX_CONNECTIONS, MAX_EDIT, READ_SECONDS, LivePage, serving_page
from sendspec.sandbox.page_access import PAGE_HEADERS, PageAccess, page_token, secret_path
from sendspec.sandbox.page_feed import MAX_STREAMS, PageFeed

TOKEN, PATH, POLICY = page_token(b"t" * 24), secret_path(b"p" * 9), "default-src 'none'; style-src 'sha256-x'"


class Served:
    """A page whose edits are answered with what was posted, at a time that tests set."""

    def __init__(self) -> None:
        self.feed = PageFeed()
        self.now = 0.0
        self.posted: list[bytes] = []
        self.port = 0
        self.html = "<p>\ud800 Grüße</p>"

    def edited(self, body: bytes) -> tuple[int, bytes]:
        self.posted.append(body)
        return 200, body

    @contextmanager
    def running(self) -> Iterator[PageAccess]:
        page = LivePage(html=lambda: self.html, edited=self.edited, policy=POLICY, feed=self.feed)

        def access_at(port: int) -> PageAccess:
            return PageAccess(token=TOKEN, port=port, path=PATH)

        with serving_page(page, access_at, lambda: self.now) as access:
            self.port = access.port
            yield access

    @property
    def own(self) -> dict[str, str]:
        """The headers of the page itself in a browser."""
        return {
            "Cookie": f"sendspec-{self.port}={TOKEN}",
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/json",
            "Sec-Fetch-Site": "same-origin",
        }

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stream(self) -> socket.socket:
        return self.asking(f"{PATH}changes")

    def asking(self, target: str) -> socket.socket:
        """A connection on which the page asks for `target`, and hasn't read the answer yet."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        lines = [f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {self.own['Cookie']}", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return connection


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    with served.running():
        yield served


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    found = b""
    while wanted not in found and (block := connection.recv(65_536)):
        found += block
    return found


def test_the_link_opens_the_page_and_the_page_needs_no_token_in_its_address(served: Served) -> None:
    status, headers, body = served.ask("GET", f"{PATH}?token={TOKEN}")
    assert (status, headers["Location"], body) == (303, PATH, b"")
    cookie = headers["Set-Cookie"].partition(";")[0]
    status, headers, body = served.ask("GET", headers["Location"], {"Cookie": cookie})
    assert (status, body) == (200, "<p>? Grüße</p>".encode())
    assert headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert {name: headers[name] for name in PAGE_HEADERS} == PAGE_HEADERS
    assert served.ask("HEAD", PATH, {"Cookie": cookie})[2] == b""
    status, headers, body = served.ask("GET", f"{PATH}?token={TOKEN}", {"Sec-Fetch-Site": "cross-site"})
    assert (status, headers["Set-Cookie"].partition(";")[0]) == (200, cookie)
    assert f'content="0; url={PATH}"'.encode() in body
    assert "Grüße".encode() not in body


def test_whoever_has_no_token_or_another_name_is_told_nothing(served: Served) -> None:
    refused = [
        served.ask("GET", PATH), served.ask("GET", f"{PATH}changes"), served.ask("POST", f"{PATH}edited", body=b"{}"),
        served.ask("GET", f"{PATH}?token={TOKEN}x"), served.ask("GET", "/favicon.ico"),
        served.ask("GET", PATH, {**served.own, "Host": f"page.example:{served.port}"}),
        served.ask("GET", PATH, {**served.own, "Sec-Fetch-Site": "cross-site"}),
    ]  # fmt: skip
    assert [status for status, _, _ in refused] == [401, 401, 401, 401, 401, 421, 403]
    said = b"".join(body + str(headers).encode() for _, headers, body in refused)
    assert TOKEN.encode() not in said
    assert "Grüße".encode() not in said
    assert served.posted == []


EDITS: list[tuple[str, str, dict[str, str], bytes, int]] = [
    ("POST", f"{PATH}edited", {}, b'{"a": 1}', 200),
    ("POST", f"{PATH}edited", {}, b" " * MAX_EDIT, 200),
    ("POST", f"{PATH}edited", {}, b" " * (MAX_EDIT + 1), 413),
    ("POST", f"{PATH}edited", {"Content-Length": "9" * 5_000}, b"", 413),
    ("POST", f"{PATH}edited", {"Content-Length": "-1"}, b"", 411),
    ("POST", f"{PATH}edited", {"Transfer-Encoding": "chunked", "Content-Length": "2"}, b"{}", 411),
    ("POST", f"{PATH}edited", {"Content-Type": "text/plain"}, b"{}", 415),
    ("POST", f"{PATH}edited", {"Origin": "http://page.example"}, b"{}", 403),
    ("POST", f"{PATH}edited", {"Origin": "null"}, b"{}", 403),
    ("POST", PATH, {}, b"{}", 404), ("POST", f"{PATH}changes", {}, b"{}", 404), ("GET", f"{PATH}edited", {}, b"", 404),
    ("GET", f"{PATH}../etc/passwd", {}, b"", 404), ("PUT", PATH, {}, b"{}", 405), ("DELETE", PATH, {}, b"", 405),
    ("GET", PATH, {"X" * 70_000: "long"}, b"", 431),
]  # fmt: skip


def test_an_edit_is_taken_from_the_page_within_bounds_and_nothing_else(served: Served) -> None:
    found = [served.ask(method, target, {**served.own, **more}, body)[0] for method, target, more, body, _ in EDITS]
    assert found == [status for *_, status in EDITS]
    assert served.posted == [body for *_, body, status in EDITS if status == 200]


def test_what_is_no_http_breaks_nothing(served: Served) -> None:
    odd = [
        b"\r\n\r\n",
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST " + b"x" * 70_000,
        b"\x16\x03\x01",
    ]
    for raw in odd:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(12) in (b"", b"HTTP/1.1 400", b"HTTP/1.1 405", b"HTTP/1.1 414", b"HTTP/1.1 505")
    assert served.ask("GET", PATH, served.own)[0] == 200


def test_a_stream_tells_changes_and_the_end() -> None:
    served = Served()
    with ExitStack() as running:
        running.enter_context(served.running())
        with served.stream() as stream:
            head = read_until(stream, b"data: 0\n\n")
            assert b"Content-Type: text/event-stream" in head
            assert b"Cache-Control: no-store" in head
            served.feed.changed()
            assert read_until(stream, b"\n\n") == b"event: changed\ndata: 1\n\n"
            running.close()
            assert read_until(stream, b"never") == b"event: ended\ndata: ended\n\n"


def test_streams_are_bounded_and_leave_room_for_the_page(served: Served) -> None:
    with ExitStack() as streams:
        for _ in range(MAX_STREAMS):
            read_until(streams.enter_context(served.stream()), b"data: 0\n\n")
        with served.stream() as one_more:
            assert rest(one_more).endswith(b"\r\n\r\nevent: full\ndata: full\n\n")
        assert served.ask("GET", PATH, served.own)[0] == 200


def rest(connection: socket.socket) -> bytes:
    """What comes until the connection is ended, in whatever way."""
    found = b""
    with suppress(ConnectionError):
        while block := connection.recv(65_536):
            found += block
    return found


def opened(served: Served, held: ExitStack, raw: bytes) -> socket.socket:
    connection = held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20))
    connection.sendall(raw)
    return connection


@pytest.mark.parametrize(
    "raw",
    ["", "GET ", "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"],
)
def test_strangers_keep_nobody_out_and_are_ended(served: Served, raw: str) -> None:
    with ExitStack() as held:
        asked = raw.replace("PORT", str(served.port)).encode()
        strangers = [opened(served, held, asked) for _ in range(2 * MAX_CONNECTIONS)]
        assert [served.ask("GET", PATH, served.own)[0] for _ in range(3)] == [200] * 3
        served.now = FIRST_SECONDS + 0.1
        for connection in strangers:
            rest(connection)


def test_who_has_the_token_keeps_the_place_until_there_is_no_other(served: Served) -> None:
    with ExitStack() as held:
        lines = [f"POST {PATH}edited HTTP/1.1", f"Host: 127.0.0.1:{served.port}", "Content-Length: 2"]
        asked = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in served.own.items()), "", ""]).encode()
        mine: list[socket.socket] = []

        def is_full() -> bool:
            mine.append(opened(served, held, asked))
            return served.ask("GET", PATH, served.own)[0] == 503

        assert eventually(is_full)
        served.now = FIRST_SECONDS + 0.1
        for connection in mine:
            with suppress(OSError):  # one that was not welcome yet has made room
                connection.sendall(b"{}")
        answered = [rest(connection).startswith(b"HTTP/1.1 200") for connection in mine]
        assert sum(answered) == MAX_CONNECTIONS
        late = opened(served, held, asked)
        assert eventually(lambda: served.ask("GET", PATH, served.own)[0] == 200)
        served.now += READ_SECONDS + FIRST_SECONDS
        assert rest(late) == b""


def eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(400):
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_clients_that_never_read_do_not_keep_the_end_waiting() -> None:
    served = Served()
    served.html = "x" * 8_000_000
    with ExitStack() as unread:
        began = time.monotonic()
        with served.running():
            read_until(unread.enter_context(served.stream()), b"data: 0\n\n")
            page = unread.enter_context(served.asking(PATH))
            assert page.recv(12) == b"HTTP/1.1 200"
        assert time.monotonic() - began < READ_SECONDS


def test_a_port_that_is_taken_is_an_error_and_two_servers_live_side_by_side(served: Served) -> None:
    other = Served()
    with other.running():
        assert other.ask("GET", PATH, served.own)[0] == 401
        assert served.ask("GET", PATH, served.own)[0] == 200
        page = LivePage(html=str, edited=served.edited, policy=POLICY, feed=PageFeed())
        with (
            pytest.raises(OSError, match="in use"),
            serving_page(page, lambda port: PageAccess(token=TOKEN, port=port), lambda: 0.0, port=served.port),
        ):
            pass
