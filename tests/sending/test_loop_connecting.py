"""Faults before the request: nothing is in doubt."""

from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from sendspec.planning.message_state import State
from sendspec.sending.ending import (
    Unreachable,
)


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
