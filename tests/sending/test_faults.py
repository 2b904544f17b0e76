"""Every way in which a connection or an answer can go wrong, over a real socket: what it is taken for, and who counts it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.record import Exchanged
from sendspec.planning.message_state import State
from sendspec.sending.run import (
    Finished,
    Interrupted,
    LockLost,
    SpecRefused,
    Stop,
    StoppedByApi,
    TooManyDoubts,
    TooManyRefused,
    UnexpectedAnswer,
    Unreachable,
)

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
    assert {cause.text for cause in result.doubts} == {"an answer 202 with the id of another message"}


def test_an_id_that_was_rejected_is_taken_as_well(helpers: Any) -> None:
    def decide(n: int, request: bytes) -> bytes:
        body = {"id": "1" if n < 3 else f"id-{n}", "reference": helpers.reference_of(request)}
        return bytes(helpers.http(202, json.dumps({**body, "status": "rejected" if n == 1 else "accepted"}).encode()))

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, _ = helpers.Sending(server.port, count=6, settings={"concurrency": 1}).run()
    assert (result.accepted, result.refused, result.in_doubt) == (4, 1, 1)


# ── the answers of the API ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 408])
def test_a_server_error_is_a_doubt_and_a_storm_of_them_stays_small(helpers: Any, status: int) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(status))) as server:
        result, ledger = helpers.Sending(server.port, count=500).run()
    assert isinstance(result.ending, TooManyDoubts)
    assert result.in_doubt <= 5 + 4 + 1
    assert ledger.count(State.PLANNED) == 500 - result.in_doubt


def test_one_answer_that_makes_no_sense_is_probed_and_the_run_goes_on(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: helpers.http(200, b"<html>") if n == 3 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=50).run()
    assert (result.accepted, result.in_doubt) == (49, 1)
    assert isinstance(result.ending, Finished)


def test_a_second_senseless_answer_stops_the_run(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(200, b"<html>"))) as server:
        result, _ = helpers.Sending(server.port, count=50).run()
    assert isinstance(result.ending, TooManyDoubts)
    assert result.in_doubt <= 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_and_stops_the_run(helpers: Any, status: int) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/"
        with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(status, b"", location))) as server:
            result, _ = helpers.Sending(server.port, count=50).run()
        assert elsewhere.connections == 0
    assert isinstance(result.ending, UnexpectedAnswer)
    assert result.accepted == 0


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refusal_of_the_run_stops_it_within_the_open_requests(helpers: Any, status: int) -> None:
    script = helpers.answering(lambda n, request: helpers.http(status) if n > 20 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=200).run()
    assert isinstance(result.ending, StoppedByApi)
    assert result.accepted == 20
    assert result.requests <= 20 + 4
    assert ledger.count(State.PLANNED) == 180


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refused_message_lets_the_others_go_on(helpers: Any, status: int) -> None:
    body = b'{"code": "InvalidPayload", "message": "malformed", "details": {".body": ["too long", "+31612345678"]}}'
    script = helpers.answering(
        lambda n, request: helpers.http(status, body) if n % 3 == 0 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        result, _ledger = helpers.Sending(server.port, count=60).run()
    assert (result.accepted, result.refused) == (40, 20)
    assert result.refusals[0].count == 20
    assert ".body: too long" in result.refusals[0].text
    assert "+31612345678" not in result.refusals[0].text
    assert isinstance(result.ending, Finished)


def test_twenty_refusals_and_nothing_else_stop_the_run(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(422))) as server:
        result, ledger = helpers.Sending(server.port, count=300).run()
    assert isinstance(result.ending, SpecRefused)
    assert 20 <= result.refused <= 24
    assert ledger.count(State.PLANNED) == 300 - result.refused


@pytest.mark.parametrize("status", [405, 410, 415, 501, 505, 599])
def test_an_answer_that_nobody_documents_stops_the_run_within_the_open_requests(helpers: Any, status: int) -> None:
    script = helpers.answering(lambda n, request: helpers.http(status) if n > 20 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=200).run()
    assert isinstance(result.ending, UnexpectedAnswer)
    assert (result.accepted, result.refused) == (20, 0)
    assert 1 <= result.in_doubt <= 4
    assert ledger.count(State.PLANNED) == 180 - result.in_doubt


def test_too_many_refused_stop_the_run_where_a_share_is_set(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: helpers.http(422) if n % 2 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=300, settings={"failure_rate": 0.2}).run()
    assert isinstance(result.ending, TooManyRefused)
    assert result.accepted + result.refused < 40


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "soon", "", None, "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_throttling_is_waited_out_whatever_retry_after_says(helpers: Any, value: str | None) -> None:
    more = () if value is None else (f"Retry-After: {value}", "Date: Thu, 01 Jan 1970 00:00:00 GMT")
    script = helpers.answering(
        lambda n, request: helpers.http(429, b"{}", *more) if n <= 6 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=30).run()
    assert (result.accepted, result.in_doubt, result.refused) == (30, 0, 0)
    assert result.requests == 36


def test_a_message_is_tried_eight_times_and_then_left_planned(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(429, b"{}", "Retry-After: 0"))) as server:
        result, ledger = helpers.Sending(server.port, count=2).run()
    assert result.accepted == result.in_doubt == 0
    assert ledger.count(State.PLANNED) == 2
    assert max(ledger.attempt.values()) == 8


@pytest.mark.parametrize("status", [421, 425])
def test_a_misdirected_message_is_tried_once_more_on_a_new_connection(helpers: Any, status: int) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(status))) as server:
        result, ledger = helpers.Sending(server.port, settings={"concurrency": 1}).run()
    assert ledger.attempt[(0).to_bytes(16)] == 2
    assert ledger.count(State.PLANNED) == 1
    assert result.requests == 2
    assert server.connections >= 2


@pytest.mark.parametrize(("trust", "bucket"), [(True, "accepted"), (False, "in_doubt")])
def test_a_503_with_retry_after_is_trusted_only_when_asked(helpers: Any, trust: bool, bucket: str) -> None:
    script = helpers.answering(
        lambda n, request: helpers.http(503, b"{}", "Retry-After: 0") if n == 1 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, settings={"trust_503": trust}).run()
    assert getattr(result, bucket) == 1


# ── before the request ───────────────────────────────────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_nobody_listening_is_not_sent_and_gives_up_after_a_while(helpers: Any) -> None:
    result, ledger = helpers.Sending(free_port(), count=10, settings={"patience": 0.3}).run()
    assert isinstance(result.ending, Unreachable)
    assert "refused" in result.ending.reason
    assert result.requests == 0
    assert ledger.count(State.PLANNED) == 10
    assert ledger.exchanges == 0


def test_a_server_that_comes_up_later_gets_everything(helpers: Any) -> None:
    port = free_port()
    done: list[Any] = []
    sending = helpers.Sending(port, count=10, settings={"patience": 20.0})
    thread = threading.Thread(target=lambda: done.append(sending.run()))
    thread.start()
    waiting = threading.Event()
    waiting.wait(0.3)
    listener = socket.create_server(("127.0.0.1", port))
    script = helpers.answering(lambda n, request: helpers.accepted(request))

    def answer(connection: socket.socket) -> None:
        with connection:
            script(connection, 1)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    thread.join(20)
    listener.close()
    assert done[0][0].accepted == 10
    assert done[0][0].in_doubt == 0


def test_a_peer_that_is_not_allowed_gets_nothing(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server:
        result, _ = helpers.Sending(server.port, peer_allowed=lambda peer: False).run()
    assert isinstance(result.ending, Unreachable)
    assert "127.0.0.1" in result.ending.reason
    assert result.requests == 0


@pytest.mark.process
def test_a_certificate_that_nobody_vouches_for_ends_the_run_at_once(helpers: Any, tmp_path: Path) -> None:
    import ssl

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def script(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            helpers.read_request(secured)

    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, scheme="https", settings={"patience": 60.0}).run()
    assert isinstance(result.ending, Unreachable)
    assert "can't prove who it is" in result.ending.reason
    assert result.requests == 0


def test_tls_to_a_server_without_it_is_not_sent(helpers: Any) -> None:
    with helpers.raw_server(lambda connection, number: connection.sendall(helpers.http(400))) as server:
        result, _ = helpers.Sending(server.port, scheme="https", settings={"patience": 0.2}).run()
    assert isinstance(result.ending, Unreachable)
    assert result.requests == 0


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_asked_once_to_stop_it_finishes_what_is_on_the_wire(helpers: Any) -> None:
    stop = Stop()

    def decide(n: int, request: bytes) -> bytes:
        if n == 30:
            stop.ask(signal.SIGTERM)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, ledger = helpers.Sending(server.port, count=500, stop=stop).run()
    assert result.ending == Interrupted(signal.SIGTERM)
    assert result.in_doubt == 0
    assert 30 <= result.accepted <= 34
    assert result.accepted == result.requests
    assert ledger.count(State.PLANNED) == 500 - result.accepted


def test_asked_twice_it_leaves_the_rest_in_doubt_and_goes(helpers: Any) -> None:
    stop = Stop()

    def decide(n: int, request: bytes) -> bytes:
        if n == 4:
            stop.ask(signal.SIGINT)
            stop.ask(signal.SIGINT)
        threading.Event().wait(3)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, ledger = helpers.Sending(server.port, count=100, stop=stop, settings={"timeout": 30.0}).run()
    assert result.ending == Interrupted(signal.SIGINT)
    assert result.in_doubt == 4
    assert ledger.count(State.PLANNED) == 96


def test_a_lock_that_is_no_longer_ours_stops_before_the_next_claim(helpers: Any) -> None:
    held = iter([True, True, False])
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server:
        result, ledger = helpers.Sending(server.port, count=100, lock_still_mine=lambda: next(held, False)).run()
    assert isinstance(result.ending, LockLost)
    assert result.accepted == result.requests <= 8
    assert ledger.count(State.PLANNED) == 100 - result.accepted


def test_what_watches_may_break_and_the_run_may_not(helpers: Any) -> None:
    def broken(progress: Any) -> None:
        raise ValueError("the bar broke")

    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server:
        result, _ = helpers.Sending(server.port, count=20, watch=broken).run()
    assert result.accepted == 20
    assert result.watch_error == "ValueError: the bar broke"


def failing(helpers: Any, at: int, error: Exception, kept: list[Any]) -> Any:
    """Makes ledgers whose exchange number `at` and all after it fail; what they spill is added to `kept`."""

    class Failing(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            if self.exchanges >= at:
                raise error
            return super().exchange(**more)  # type: ignore[no-any-return]

        def spill(self, settlements: Any) -> None:
            kept.extend(settlements)

    return Failing


def test_a_ledger_that_fails_ends_the_run_with_nothing_more_sent(helpers: Any) -> None:
    ledger = failing(helpers, 3, OSError("the disk is gone"), [])
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server:
        with pytest.raises(OSError, match="the disk is gone"):
            helpers.Sending(server.port, count=200, ledger_of=ledger).run()
        assert server.connections <= 4


@pytest.mark.parametrize("at", [1, 2, 3, 10])
def test_results_that_the_ledger_can_not_take_are_waited_for_and_kept(helpers: Any, at: int) -> None:
    sent: list[str] = []

    def decide(n: int, request: bytes) -> bytes:
        sent.append(helpers.reference_of(request))
        return bytes(helpers.accepted(request))

    kept: list[Any] = []
    ledgers: list[Any] = []

    def ledger_of(ids: Any) -> Any:
        ledgers.append(failing(helpers, at, LedgerUnwritable("the disk is full", "make room"), kept)(ids))
        return ledgers[0]

    with (
        helpers.raw_server(helpers.answering(decide)) as server,
        pytest.raises(LedgerUnwritable, match="the disk is full"),
    ):
        helpers.Sending(server.port, count=200, ledger_of=ledger_of).run()
    accepted = {identity for identity, state in ledgers[0].state.items() if state is State.ACCEPTED}
    spilled = {settlement.id for settlement in kept if settlement.to is State.ACCEPTED}
    assert len(sent) == len(set(sent))
    assert {f"m{identity.hex()}" for identity in accepted | spilled} == set(sent)
    assert accepted & spilled == set()
    assert ledgers[0].count(State.SENDING) == len(spilled)
    assert spilled
