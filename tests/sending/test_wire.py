"""The exchange of one request on a connection: its deadline, and what is known when it breaks. The socket and the clock are made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from runner.sending import wire
from runner.sending.answer import Unclear
from runner.sending.wire import TIMEOUT_SLACK, Endpoint, Line

ENDPOINT = Endpoint(
    scheme="http", host="127.0.0.1", port=9, authority="127.0.0.1:9", path="/", authorization="k", peer_allowed=lambda peer: True
)  # fmt: skip
PIECES = (b"HTTP/1.1 202 Accepted\r\nContent-", b"Length: 2\r\n\r\n{", b"}")


class Peer:
    """A socket that plays its pieces, and keeps how long each write and read might have taken."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = list(pieces)
        self.timeout = wire.CONNECT_SECONDS
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


class Standing:
    is_connected = True

    def __init__(self, peer: Peer) -> None:
        self.sock = peer

    def connect(self) -> None: ...

    def close(self) -> None: ...


def line_to(peer: Peer, moments: Sequence[float], monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(wire, "HTTPConnection", lambda *arguments, **options: Standing(peer))
    clock: Iterator[float] = iter(moments)
    line = Line(ENDPOINT, None, lambda: next(clock))
    line.stand()
    return line


def test_no_wait_goes_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a server that sends a little of its answer now and then holds a message for as long as it likes."""
    peer, moments = Peer(PIECES), [100.0, 101.0, 104.0, 108.0]
    line = line_to(peer, moments, monkeypatch)
    assert line.deliver(b"{}", "k", 110.0, body_most=1_000).status == 202
    assert peer.waits == [110.0 - moment for moment in moments]


def test_what_comes_after_the_deadline_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    line = line_to(Peer(PIECES), [100.0, 101.0, 110.0], monkeypatch)
    with pytest.raises(Unclear, match="no whole answer came in time"):
        line.deliver(b"{}", "k", 110.0, body_most=1_000)
    assert line.wrote
    assert not line.kept


def test_a_timeout_is_set_only_where_it_makes_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a system call: one message after the other, on one connection, needs none."""
    step = TIMEOUT_SLACK / 2
    peer = Peer(PIECES * 2)
    line = line_to(peer, [0.0, *[step] * 3, 50.0, *[50.0 + step] * 3], monkeypatch)
    for deadline in (30.0, 80.0):
        assert line.deliver(b"{}", "k", deadline, body_most=1_000).reusable
    assert peer.set == [30.0]
    assert line.kept
