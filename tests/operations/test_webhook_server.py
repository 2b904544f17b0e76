"""The receiver over real sockets: what it answers, to what, and within which bounds."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from sendspec.operations.captured_request import CapturedRequest, read_request
from sendspec.operations.webhook_receiver import MAX_AGE, MAX_AHEAD, Receiver
from sendspec.operations.webhook_server import MAX_CONNECTIONS, READ_SECONDS, receiving
from sendspec.operations.webhook_settings import SigningKeys
from webhook_requests import BEGIN, KEY, URL, signature_headers

BODY = b'{"service":"channels","event":"sms.outbound","payload":{"id":"x"}}'
TARGET = "/bird?env=test"


class Received:
    """A receiver whose spool is a list, and whose clocks are numbers."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.told: list[str] = []
        self.append: Callable[[bytes], None] = self.lines.append
        self.wall, self.monotonic = BEGIN + 5, 0.0
        keys = SigningKeys(("A", "B"), ("other", KEY))
        self.receiver = Receiver(
            keys, URL, lambda line: self.append(line), lambda: self.wall, lambda reason, error: self.told.append(reason)
        )

    @contextmanager
    def serving(self) -> Iterator[int]:
        with receiving(("127.0.0.1", 0), TARGET, self.receiver.receive, lambda: self.monotonic) as address:
            yield int(address.rpartition(":")[2])


@pytest.fixture
def received() -> Received:
    return Received()


def request(
    port: int, method: str, target: str, body: bytes = BODY, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Connection", "")
    finally:
        connection.close()


def post(port: int, body: bytes = BODY, **changed: str) -> int:
    return request(
        port,
        "POST",
        TARGET,
        body,
        {**signature_headers(body), "X-Forwarded-For": "canary", "Content-Type": "a/b", **changed},
    )[0]


def test_a_signed_request_is_spooled_before_it_is_answered(received: Received) -> None:
    with received.serving() as port:
        assert post(port, Host="elsewhere.example") == 200
    assert len(received.lines) == 1
    assert b"canary" not in received.lines[0]
    found = read_request(received.lines[0])
    assert isinstance(found, CapturedRequest)
    assert (found.url, found.body) == (URL, BODY)
    assert dict(found.headers) == {**signature_headers(BODY), "Content-Type": "a/b"}


ANSWERS = [
    ("GET", TARGET, {}, 405), ("PUT", TARGET, {}, 405), ("DELETE", TARGET, {}, 405), ("GET", "/", {}, 404),
    ("POST", "/", {}, 404), ("POST", "/bird", {}, 404), ("POST", TARGET + "&more", {}, 404),
    ("POST", "/" + TARGET, {}, 404), ("GET", "/" + TARGET, {}, 404),
    ("POST", f"http://127.0.0.1{TARGET}", {}, 404), ("POST", TARGET, {"Content-Length": str(1024 * 1024 + 1)}, 413),
    ("POST", TARGET, {"Content-Length": "9" * 5_000}, 413), ("POST", TARGET, {"Content-Length": "-1"}, 411),
    ("POST", TARGET, {"Content-Length": "1e3"}, 411), ("POST", TARGET, {"Transfer-Encoding": "chunked", "Content-Length": "66"}, 411),
    ("POST", TARGET, {}, 401), ("POST", TARGET, {"X" * 70_000: "long"}, 431),
]  # fmt: skip


def test_anything_else_is_refused_in_few_words(received: Received) -> None:
    with received.serving() as port:
        answered = [request(port, method, target, headers=headers) for method, target, headers, _ in ANSWERS]
        assert post(port) == 200
    assert answered == [(status, "close") for *_, status in ANSWERS]
    assert len(received.lines) == 1


def test_what_is_no_http_breaks_nothing(received: Received) -> None:
    odd = [
        b"\r\n\r\n",
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST " + b"x" * 70_000,
        b"\x16\x03\x01",
    ]
    answers: list[bytes] = []
    with received.serving() as port:
        for raw in odd:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                answers.append(connection.recv(12))
        assert post(port) == 200
    assert set(answers) <= {b"", b"HTTP/1.1 400", b"HTTP/1.1 405", b"HTTP/1.1 414", b"HTTP/1.1 505"}
    assert answers.count(b"") < 3


@pytest.mark.parametrize(
    ("age", "status", "reason"),
    [(0, 200, ""), (3 * 3_600, 200, ""), (MAX_AGE - 1, 200, ""), (MAX_AGE + 1, 400, "timestamp_old"),
     (1 - MAX_AHEAD, 200, ""), (-1 - MAX_AHEAD, 400, "timestamp_ahead")],
)  # fmt: skip
def test_the_age_is_looked_at_after_the_signature(received: Received, age: float, status: int, reason: str) -> None:
    received.wall = BEGIN + age
    assert received.receiver.receive(list(signature_headers(BODY).items()), BODY) == status
    assert received.receiver.receive(list(signature_headers(BODY, "wrong").items()), BODY) == 401
    assert received.told == [*([reason] if reason else []), "signature_wrong"]
    assert received.receiver.counts == {reason: 1, "signature_wrong": 1}


def test_a_disk_that_refuses_is_answered_with_503_until_it_takes_it(received: Received) -> None:
    def full(line: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with received.serving() as port:
        received.append, works = full, received.append
        assert [post(port), post(port)] == [503, 503]
        received.append = works
        assert post(port) == 200
    assert (received.told, len(received.lines)) == (["disk"], 1)


def test_a_request_that_trickles_in_is_ended_while_others_are_answered(received: Received) -> None:
    with received.serving() as port:
        with socket.create_connection(("127.0.0.1", port), timeout=READ_SECONDS / 2) as slow:
            slow.sendall(f"POST {TARGET} HTTP/1.1\r\nContent-Length: 100\r\n\r\n".encode() + b"x")
            assert post(port) == 200
            received.monotonic = READ_SECONDS + 1
            assert slow.recv(100) == b""
        assert post(port) == 200
    assert len(received.lines) == 2


def test_no_more_connections_are_read_than_are_allowed(received: Received) -> None:
    with received.serving() as port:
        idle = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(MAX_CONNECTIONS)]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as one_more:
            assert one_more.recv(100).startswith(b"HTTP/1.1 503 ")
        for connection in idle:
            connection.close()
        status = 0
        for _ in range(3_000):
            with suppress(OSError):  # it may close the connection before it has read the request
                status = post(port)
            if status == 200:
                break
            time.sleep(0.01)
        assert status == 200


def test_what_is_in_hand_is_answered_before_it_ends(received: Received) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def slowly(line: bytes) -> None:
        arrived.set()
        go_on.wait(20)
        received.lines.append(line)

    received.append = slowly
    statuses: list[int] = []
    with ExitStack() as stack:
        port = stack.enter_context(received.serving())
        client = threading.Thread(target=lambda: statuses.append(post(port)))
        client.start()
        assert arrived.wait(20)
        ending = threading.Thread(target=stack.pop_all().close)
        ending.start()
        ending.join(0.3)
        assert ending.is_alive()
        go_on.set()
        ending.join(20)
        assert len(received.lines) == 1
    client.join(20)
    assert statuses == [200]


def test_its_end_waits_for_no_client_that_is_slow(received: Received) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(received.serving())
        slow, idle = (socket.create_connection(("127.0.0.1", port), timeout=READ_SECONDS / 2) for _ in range(2))
        slow.sendall(f"POST {TARGET} HTTP/1.1\r\nContent-Length: 100\r\n\r\nx".encode())
        assert post(port) == 200
        ending = threading.Thread(target=stack.pop_all().close)
        with slow, idle:
            ending.start()
            assert (slow.recv(1), idle.recv(1)) == (b"", b"")
            ending.join(READ_SECONDS / 2)
            assert not ending.is_alive()
    assert len(received.lines) == 1


def test_it_waits_a_moment_for_a_port_that_is_being_given_up(received: Received) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        giving_up = threading.Timer(0.3, other.close)
        giving_up.start()
        with receiving(("127.0.0.1", port), TARGET, received.receiver.receive, lambda: 0.0):
            assert post(port) == 200
        giving_up.join()


def test_a_client_that_leaves_is_no_fault_of_anybody(received: Received, capfd: pytest.CaptureFixture[str]) -> None:
    with received.serving() as port:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(f"POST {TARGET} HTTP/1.1\r\nContent-Length: 100\r\n\r\nx".encode())
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets it
        assert post(port) == 200
    assert capfd.readouterr() == ("", "")
