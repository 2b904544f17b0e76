"""Responses that are cut, doubled, late or another request's: in doubt, and never credited to another message."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sendspec.planning.message_state import State

GOOD = b'{"id": "1", "reference": "%b"}'


def after_request(helpers: Any, then: Callable[[socket.socket, bytes], None]) -> Any:
    """Reads one request, then does `then`, then hangs up."""

    def script(connection: socket.socket, number: int) -> None:
        request = helpers.read_request(connection)
        if request is not None:
            then(connection, request)

    return script


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def raw(*parts: bytes) -> Callable[[socket.socket, bytes], None]:
    def then(connection: socket.socket, request: bytes) -> None:
        for part in parts:
            connection.sendall(part)

    return then


def endless(part: bytes, first: bytes = b"") -> Callable[[socket.socket, bytes], None]:
    def then(connection: socket.socket, request: bytes) -> None:
        connection.sendall(first)
        for _ in range(20_000):
            connection.sendall(part)

    return then


def silence(seconds: float) -> Callable[[socket.socket, bytes], None]:
    def then(connection: socket.socket, request: bytes) -> None:
        connection.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            connection.recv(1)

    return then


def slowly(data: bytes) -> Callable[[socket.socket, bytes], None]:
    """A byte at a time, each long before a read would time out: only a total deadline ends it."""

    def then(connection: socket.socket, request: bytes) -> None:
        waiting = threading.Event()
        for byte in data:
            connection.sendall(bytes([byte]))
            waiting.wait(0.05)

    return then


CHUNKED = b"HTTP/1.1 202 X\r\nTransfer-Encoding: chunked\r\n\r\n"


DOUBTS: dict[str, Callable[[socket.socket, bytes], None]] = {
    "the connection is closed without an answer": raw(),
    "the connection is reset": lambda connection, request: reset(connection),
    "half a status line": raw(b"HTTP/1.1 2"),
    "half a head of an acceptance": raw(b"HTTP/1.1 202 Accepted\r\nContent-Le"),
    "half a head of a 429, which must not be sent again": raw(b"HTTP/1.1 429"),
    "half a head of a 400": raw(b"HTTP/1.1 400 Bad\r\nContent-Len"),
    "half a body": raw(b"HTTP/1.1 202 X\r\nContent-Length: 90\r\n\r\n{"),
    "half a body of a 400": raw(b"HTTP/1.1 400 X\r\nContent-Length: 10\r\n\r\n{}"),
    "half a chunk": raw(CHUNKED + b"5\r\n{"),
    "a chunk longer than it says": raw(CHUNKED + b"2\r\n{}}\r\n0\r\n\r\n"),
    "garbage": raw(b"\x00\x01\x02\r\n\r\n"),
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "silence": silence(5),
    "a head, a byte at a time": slowly(b"HTTP/1.1 202 Accepted\r\n" * 10),
    "a body, a byte at a time": slowly(b"HTTP/1.1 202 X\r\nContent-Length: 200\r\n\r\n" + b" " * 200),
    "interim answers without end": endless(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "a head without end": endless(b"X-A: b\r\n" * 100, b"HTTP/1.1 202 X\r\n"),
    "a header of 5 MB": endless(b"a" * 1_000, b"HTTP/1.1 202 X\r\nX-A: "),
    "a body of 10 MB": raw(b"HTTP/1.1 202 X\r\nContent-Length: 10000000\r\n\r\n"),
    "chunks without end": endless(b"400\r\n" + b" " * 1024 + b"\r\n", CHUNKED),
    "two lengths": raw(b"HTTP/1.1 202 X\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a length and chunks": raw(b"HTTP/1.1 202 X\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
    "a length that is no number": raw(b"HTTP/1.1 202 X\r\nContent-Length: -1\r\n\r\n{}"),
    "a header without a colon": raw(b"HTTP/1.1 202 X\r\nnothing\r\nContent-Length: 2\r\n\r\n{}"),
    "a folded header": raw(b"HTTP/1.1 202 X\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\n{}"),
    "a switch to another protocol": raw(b"HTTP/1.1 101 Switching\r\n\r\n"),
    "a compressed body": raw(b"HTTP/1.1 202 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"),
    "an acceptance cut by the end of the connection": raw(b'HTTP/1.1 202 X\r\n\r\n{"id": "1", "refer'),
}


@pytest.mark.parametrize("what", DOUBTS)
def test_an_answer_that_is_not_whole_leaves_the_message_in_doubt(helpers: Any, what: str) -> None:
    with helpers.raw_server(after_request(helpers, DOUBTS[what])) as server:
        result, ledger = helpers.Sending(server.port, settings={"timeout": 0.6}).run()
    assert result.in_doubt == 1, ledger.settled
    assert result.requests == 1
    assert ledger.settled[0].evidence


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n",
        b"",
    ],
    ids=["interim answers", "none"],
)
@pytest.mark.parametrize("framing", ["length", "chunks", "end"])
def test_a_whole_acceptance_is_taken_however_it_is_framed(helpers: Any, answer: bytes, framing: str) -> None:
    def then(connection: socket.socket, request: bytes) -> None:
        body = GOOD % helpers.reference_of(request).encode()
        head = {
            "length": b"HTTP/1.1 202 X\r\nContent-Length: %d\r\n\r\n" % len(body),
            "chunks": CHUNKED,
            "end": b"HTTP/1.0 202 X\r\n\r\n",
        }[framing]
        connection.sendall(
            answer
            + head
            + (b"%x\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body) if framing == "chunks" else body)
        )

    with helpers.raw_server(after_request(helpers, then)) as server:
        result, _ = helpers.Sending(server.port).run()
    assert result.accepted == 1


def test_an_early_answer_to_a_connection_that_is_then_closed_is_read(helpers: Any) -> None:
    def script(connection: socket.socket, number: int) -> None:
        connection.sendall(helpers.http(413, b'{"code": "TooLarge", "message": "too large"}', "Connection: close"))
        helpers.read_request(connection)

    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, settings={"patience": 1.0}).run()
    assert result.accepted == 0
    assert result.in_doubt + result.refused <= 1


def test_an_idle_connection_that_the_server_closed_is_replaced_without_a_doubt(helpers: Any) -> None:
    closed = threading.Semaphore(1)

    def script(connection: socket.socket, number: int) -> None:
        request = helpers.read_request(connection)
        if request is not None:
            connection.sendall(helpers.accepted(request))
            connection.close()
            closed.release()

    with helpers.raw_server(script) as server:
        sending = helpers.Sending(
            server.port, count=20, settings={"concurrency": 1}, before=lambda n: closed.acquire(timeout=10)
        )
        result, _ = sending.run()
    assert (result.accepted, result.in_doubt) == (20, 0)


def test_a_second_answer_that_nobody_asked_for_is_never_credited_to_the_next_message(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: helpers.accepted(request) * 2)
    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=10, settings={"concurrency": 1}).run()
    assert result.accepted == 10
    assert all(s.remote_id == f"id-m{int.from_bytes(s.id):032x}" for s in ledger.settled)
    assert server.connections >= 10


def test_a_stale_answer_that_arrives_first_is_seen_by_its_reference(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: helpers.http(202, b'{"id": "9", "reference": "another"}'))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port).run()
    assert (result.accepted, result.in_doubt) == (0, 1)


def stray(helpers: Any, first: bytes) -> Any:
    """Answers the second message with a stray answer and then its own acceptance."""

    def script(connection: socket.socket, number: int) -> None:
        while (request := helpers.read_request(connection)) is not None:
            own = helpers.accepted(request)
            connection.sendall(first + own if helpers.reference_of(request) == helpers.message(1).reference else own)

    return script


@pytest.mark.parametrize("status", [400, 401, 404, 409, 421, 422, 425, 429])
def test_a_stray_answer_before_our_own_neither_refuses_nor_repeats_the_message(helpers: Any, status: int) -> None:
    first = helpers.http(status, b"{}", "Retry-After: 0")
    with helpers.raw_server(stray(helpers, first)) as server:
        result, ledger = helpers.Sending(server.port, count=6, settings={"concurrency": 1}).run()
    assert (result.accepted, result.in_doubt, result.refused, result.requests) == (5, 1, 0, 6)
    assert ledger.state[helpers.message(1).id] is State.IN_DOUBT
    assert set(ledger.attempt.values()) == {1}


def test_a_stray_answer_without_a_length_is_seen_too(helpers: Any) -> None:
    def script(connection: socket.socket, number: int) -> None:
        while (request := helpers.read_request(connection)) is not None:
            if helpers.reference_of(request) == helpers.message(1).reference:
                connection.sendall(b"HTTP/1.1 422 X\r\n\r\n{}" + helpers.accepted(request))
                return
            connection.sendall(helpers.accepted(request))

    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=6, settings={"concurrency": 1}).run()
    assert (result.accepted, result.in_doubt, result.refused) == (5, 1, 0)


def test_an_answer_that_is_no_acceptance_is_the_last_on_its_connection(helpers: Any) -> None:
    """A stray answer comes in time to be read, our own a moment later: it must not be the answer to the next message."""
    for status in (400, 422, 429):
        first = helpers.http(status, b"{}", "Retry-After: 0")
        script = helpers.answering(lambda n, request, first=first: first if n == 2 else helpers.accepted(request))
        with helpers.raw_server(script) as server:
            result, _ = helpers.Sending(server.port, count=6, settings={"concurrency": 1}).run()
            assert server.connections == 2
        assert (result.accepted, result.refused) == ((6, 0) if status == 429 else (5, 1))


def test_an_id_belongs_to_one_message_over_all_connections(helpers: Any) -> None:
    """Each connection gives its messages the ids that another one gave; references are not echoed."""

    def script(connection: socket.socket, number: int) -> None:
        told = 0
        while helpers.read_request(connection) is not None:
            told += 1
            body = {"id": f"id-{told}", "receiver": {"contacts": [{"identifierValue": "+31612345678"}]}}
            connection.sendall(helpers.http(202, json.dumps(body).encode()))

    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=60).run()
    ids = [settlement.remote_id for settlement in ledger.settled if settlement.to is State.ACCEPTED]
    assert len(ids) == len(set(ids)) == result.accepted
    assert result.in_doubt >= 1
    assert {cause.text for cause in result.doubts} == {"HTTP 202 with the id of another message"}


def test_an_id_that_was_rejected_is_taken_as_well(helpers: Any) -> None:
    def decide(n: int, request: bytes) -> bytes:
        body = {"id": "1" if n < 3 else f"id-{n}", "reference": helpers.reference_of(request)}
        return bytes(helpers.http(202, json.dumps({**body, "status": "rejected" if n == 1 else "accepted"}).encode()))

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, _ = helpers.Sending(server.port, count=6, settings={"concurrency": 1}).run()
    assert (result.accepted, result.refused, result.in_doubt) == (4, 1, 1)
