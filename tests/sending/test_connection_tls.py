"""One sender's connection over real TLS: session tickets don't count as data, other bytes and a close do."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.outcome import Accepted, InDoubt, Refused
from sendspec.provider.sent_texts import SentTexts
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.run import Settings, Stop
from sendspec.sending.sender import Delivery, Quit, RequestEnded, Sender, SenderReady
from urllib3.util import wait_for_read

pytestmark = pytest.mark.process

PATIENCE = 20.0


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    key, found = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", found, "-days", "1",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    found.write_bytes(found.read_bytes() + key.read_bytes())
    return found


class TlsServer:
    """Plays `script` on each connection, given the secured socket and the connection's number, from 1."""

    def __init__(self, helpers: Any, certificate: Path, version: ssl.TLSVersion) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.minimum_version = self.context.maximum_version = version
        self._helpers = helpers
        self.script: Any = self.accepting
        self.go = threading.Event()
        self.serve: Any = self._secured
        self.raw = helpers.RawServer(lambda connection, number: self.serve(connection, number))
        self._trusting = verifying_context.__wrapped__()  # the process's own one must not trust this certificate
        self._trusting.load_verify_locations(certificate)

    def _secured(self, connection: socket.socket, number: int) -> None:
        with self.context.wrap_socket(connection, server_side=True) as secured:
            self.script(secured, number)

    def accepting(self, secured: socket.socket, number: int) -> None:
        while (request := self._helpers.read_request(secured)) is not None:
            secured.sendall(self._helpers.accepted(request))

    def connection(self) -> Connection:
        endpoint = Endpoint(
            scheme="https", host="127.0.0.1", port=self.raw.port, authority=f"127.0.0.1:{self.raw.port}", path="/m",
            authorization="AccessKey canary", peer_allowed=lambda peer: True,
        )  # fmt: skip
        return Connection(endpoint, self._trusting, time.monotonic)


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def server(request: pytest.FixtureRequest, helpers: Any, certificate: Path) -> Iterator[TlsServer]:
    found = TlsServer(helpers, certificate, ssl.TLSVersion[request.param])
    yield found
    found.go.set()
    found.raw.close()


class Driven:
    """A sender in its thread, with no loop: its orders are given and its events taken here."""

    def __init__(self, helpers: Any, connection: Connection) -> None:
        self._helpers = helpers
        self._events: SimpleQueue[Any] = SimpleQueue()
        settings = Settings(
            concurrency=1, per_second=None, timeout=PATIENCE, trust_503=False, failure_rate=None, expected=9
        )
        self.sender = Sender(
            connection, settings, helpers.CLOCK, Stop(), self._events, threading.Event(), CreditedIds(), SentTexts()
        )
        self.sender.thread.start()

    def ready(self) -> None:
        assert isinstance(self._events.get(timeout=PATIENCE), SenderReady)

    def outcome(self, number: int) -> Any:
        now = time.monotonic()
        self.sender.orders.put(Delivery([self._helpers.message(number)], [1], now, now + PATIENCE))
        ended = self._events.get(timeout=PATIENCE)
        assert isinstance(ended, RequestEnded)
        return ended.outcomes[0]

    def leave(self) -> None:
        self.sender.orders.put(Quit())
        self.sender.thread.join(PATIENCE)


def something_came(connection: Connection) -> None:
    """Waits until the connection's socket is readable."""
    assert connection._http is not None
    assert wait_for_read(connection._http.sock, PATIENCE)


def test_a_sender_makes_one_connection_and_none_after_a_claim(helpers: Any, server: TlsServer) -> None:
    connection = server.connection()
    driven = Driven(helpers, connection)
    driven.ready()
    assert connection._http is not None
    assert isinstance(connection._http.sock, ssl.SSLSocket)
    if connection._http.sock.version() == "TLSv1.3":
        something_came(connection)  # the session tickets are there before the first message is claimed
    for number in range(5):
        assert driven.outcome(number) == Accepted(f"id-{helpers.message(number).reference}")
        driven.ready()
        assert server.raw.connections == 1
    driven.leave()


def test_bytes_that_nobody_asked_for_end_a_connection_before_it_is_used(helpers: Any, server: TlsServer) -> None:
    def script(secured: socket.socket, number: int) -> None:
        if number == 1:
            secured.sendall(helpers.http(422))
        server.accepting(secured, number)

    server.script = script
    connection = server.connection()
    connection.ensure()
    first = connection._http
    deadline = time.monotonic() + PATIENCE
    while connection._http is first and time.monotonic() < deadline:
        something_came(connection)  # in TLS 1.3 the tickets, then the stray answer
        connection.ensure()
    driven = Driven(helpers, connection)
    driven.ready()
    assert driven.outcome(1) == Accepted(f"id-{helpers.message(1).reference}")
    assert server.raw.connections == 2
    driven.leave()


def test_a_connection_that_the_server_ended_is_replaced(helpers: Any, server: TlsServer) -> None:
    def script(secured: socket.socket, number: int) -> None:
        if number > 1:
            server.accepting(secured, number)

    server.script = script
    connection = server.connection()
    connection.ensure()
    first = connection._http
    deadline = time.monotonic() + PATIENCE
    while connection._http is first and time.monotonic() < deadline:
        something_came(connection)
        connection.ensure()
    assert connection._http is not first
    driven = Driven(helpers, connection)
    driven.ready()
    assert driven.outcome(1) == Accepted(f"id-{helpers.message(1).reference}")
    driven.leave()


class Records:
    """The server's end of a connection; it sends records on request, several in one packet."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._to_the_end(self._tls.do_handshake)
        self.flush()

    def _to_the_end(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.flush()
                came = self._connection.recv(65_536)
                if not came:
                    raise ConnectionAbortedError from None
                self._incoming.write(came)

    def recv(self, most: int) -> bytes:
        return bytes(self._to_the_end(lambda: self._tls.read(most)))

    def write(self, record: bytes) -> None:
        self._tls.write(record)

    def flush(self) -> None:
        if self._outgoing.pending:
            self._connection.sendall(self._outgoing.read())


@pytest.mark.parametrize("records", [1, 2])
@pytest.mark.parametrize("status", [422, 429])
def test_a_stray_answer_proves_nothing_in_one_record_with_our_own_or_before_it(
    helpers: Any, server: TlsServer, records: int, status: int
) -> None:
    """One record is read at once: of two, the second is still on the socket when the first is judged."""

    def serve(connection: socket.socket, number: int) -> None:
        tls = Records(connection, server.context)
        request = helpers.read_request(tls)
        if request is None:
            return
        first, own = helpers.http(status), helpers.accepted(request)
        for record in [first + own] if records == 1 else [first, own]:
            tls.write(record)
        tls.flush()
        server.go.wait(PATIENCE)

    server.serve = serve
    driven = Driven(helpers, server.connection())
    driven.ready()
    assert driven.outcome(1) == InDoubt(f"HTTP {status} with more bytes behind it", status)
    driven.leave()


def test_a_refusal_with_nothing_behind_it_is_one(helpers: Any, server: TlsServer) -> None:
    """Also where session tickets came before it."""

    def serve(connection: socket.socket, number: int) -> None:
        tls = Records(connection, server.context)
        helpers.read_request(tls)
        tls.write(helpers.http(422))
        tls.flush()
        server.go.wait(PATIENCE)

    server.serve = serve
    driven = Driven(helpers, server.connection())
    driven.ready()
    assert driven.outcome(1) == Refused(422, "422")
    driven.leave()
