"""The exchange of one request on a connection: its deadline, and what is known when it breaks. Socket and clock are fakes."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.http_response import UnreadableResponse
from sendspec.sending.connection import CONNECT_SECONDS, TIMEOUT_SLACK_SECONDS, Connection
from urllib3.util import wait_for_read

ENDPOINT = Endpoint(
    scheme="http", host="127.0.0.1", port=9, authority="127.0.0.1:9", path="/", authorization="k", peer_allowed=lambda peer: True
)  # fmt: skip
PIECES = (b"HTTP/1.1 202 Accepted\r\nContent-", b"Length: 2\r\n\r\n{", b"}")


class Peer:
    """A socket that plays its pieces and records the timeout of each write and read."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = list(pieces)
        self.timeout = CONNECT_SECONDS
        self.set: list[float] = []
        self.waits: list[float] = []

    def gettimeout(self) -> float:
        return self.timeout

    def settimeout(self, seconds: float) -> None:
        self.timeout = seconds
        self.set.append(seconds)

    def getpeername(self) -> tuple[str, int]:
        return "127.0.0.1", 9

    def sendall(self, request: bytes) -> None:
        self.waits.append(self.timeout)

    def recv(self, most: int) -> bytes:
        self.waits.append(self.timeout)
        return self.pieces.pop(0)


class Connected:
    """Stands for urllib3's connection."""

    def __init__(self, peer: Peer | socket.socket) -> None:
        self.sock = peer

    def connect(self) -> None: ...

    def close(self) -> None: ...


class Played(Connection):
    """A connection to `peer`."""

    def __init__(self, peer: Peer | socket.socket, monotonic: Callable[[], float]) -> None:
        super().__init__(ENDPOINT, None, monotonic)
        self._peer = peer

    def _unconnected(self) -> Any:
        return Connected(self._peer)


def connection_to(peer: Peer, moments: Sequence[float]) -> Connection:
    clock: Iterator[float] = iter(moments)
    connection = Played(peer, lambda: next(clock))
    connection.ensure()
    return connection


def test_no_wait_goes_beyond_the_deadline() -> None:
    """Otherwise a server that sends its response drop by drop could hold a message forever."""
    peer, moments = Peer(PIECES), [100.0, 101.0, 104.0, 108.0]
    connection = connection_to(peer, moments)
    assert connection.post(b"{}", "k", 110.0, max_body=1_000).status == 202
    assert peer.waits == [110.0 - moment for moment in moments]


def test_what_comes_after_the_deadline_is_no_answer() -> None:
    connection = connection_to(Peer(PIECES), [100.0, 101.0, 110.0])
    with pytest.raises(UnreadableResponse, match="no whole answer came in time"):
        connection.post(b"{}", "k", 110.0, max_body=1_000)
    assert connection.wrote
    assert not connection.reusable


def test_a_timeout_is_set_only_where_it_makes_a_difference() -> None:
    """It is a system call, and consecutive messages on one connection need none."""
    step = TIMEOUT_SLACK_SECONDS / 2
    peer = Peer(PIECES * 2)
    connection = connection_to(peer, [0.0, *[step] * 3, 50.0, *[50.0 + step] * 3])
    for deadline in (30.0, 80.0):
        assert connection.post(b"{}", "k", deadline, max_body=1_000).reusable
    assert peer.set == [30.0]
    assert connection.reusable


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    """A connection that has read one answer, and the server's end of its connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    connection = Played(ours, lambda: 0.0)
    connection.ensure()
    theirs.sendall(b"".join(PIECES))
    assert connection.post(b"{}", "k", 10.0, max_body=1_000).reusable
    yield connection, theirs
    for end in (ours, theirs, listener):
        end.close()


def arrives(connection: Connection) -> None:
    """Waits until the connection's socket is readable."""
    assert connection._http is not None
    assert wait_for_read(connection._http.sock, 20.0)


def test_where_nothing_follows_an_answer_the_connection_is_kept(ends: tuple[Connection, socket.socket]) -> None:
    connection, _ = ends
    timeout = connection._http.sock.gettimeout() if connection._http else None
    assert not connection.extra_arrived()
    assert connection.reusable
    assert connection._http is not None
    assert connection._http.sock.gettimeout() == timeout


def test_bytes_behind_an_answer_are_seen_and_the_connection_is_not_kept(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    theirs.sendall(b"H")
    arrives(connection)
    assert connection.extra_arrived()
    assert not connection.reusable


def test_the_end_of_the_connection_is_no_byte_behind_an_answer(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    theirs.shutdown(socket.SHUT_WR)
    arrives(connection)
    assert not connection.extra_arrived()
    assert not connection.reusable


def test_a_reset_behind_an_answer_is_no_byte_either(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    arrives(connection)
    assert not connection.extra_arrived()
    assert not connection.reusable


def test_without_a_connection_nothing_arrives(ends: tuple[Connection, socket.socket]) -> None:
    connection, _ = ends
    connection.close()
    assert not connection.extra_arrived()
    assert not connection.reusable
