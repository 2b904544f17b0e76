"""A server of raw bytes: a script answers each connection, so that any broken response can be played."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sendspec.diagnostics.clock import Clock
from sendspec.ledger.record import Claim, ClaimLost, Exchanged, Settlement
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.provider.endpoint import Endpoint
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.run import RunProgress, RunResult, Sendable, Settings, Stop

CLOCK = Clock(monotonic=time.monotonic, wall=time.time, sleep=time.sleep, random=lambda: 0.01)
PATH = "/workspaces/w/channels/c/messages"
PATIENCE = 20.0
"""Seconds that a test waits for an event."""


def read_request(connection: socket.socket) -> bytes | None:
    """Head and body of the next request; None when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            chunk = connection.recv(65_536)
        except OSError:
            return None
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(
        next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split(b":")[1]
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


Script = Callable[[socket.socket, int], None]
"""Plays a connection, given its number from 1; nothing has been read yet."""


class RawServer:
    """Runs `script` for each connection, in a thread of its own."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            self._script(connection, number)
        except (OSError, TypeError):
            pass
        finally:
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join()


@contextmanager
def raw_server(script: Script) -> Iterator[RawServer]:
    server = RawServer(script)
    try:
        yield server
    finally:
        server.close()


def http(status: int, body: bytes = b"{}", *more: str) -> bytes:
    """A complete response."""
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reference_of(request: bytes) -> str:
    import json

    return str(json.loads(request.partition(b"\r\n\r\n")[2])["reference"])


def accepted(request: bytes) -> bytes:
    import json

    return http(202, json.dumps({"id": "id-" + reference_of(request), "reference": reference_of(request)}).encode())


def answering(decide: Callable[[int, bytes], bytes | None]) -> Script:
    """A keep-alive server. `decide` returns the response to the nth request, from 1 over all connections; None closes the connection."""
    lock, count = threading.Lock(), [0]

    def script(connection: socket.socket, number: int) -> None:
        while (request := read_request(connection)) is not None:
            with lock:
                count[0] += 1
                n = count[0]
            answer = decide(n, request)
            if answer is None:
                return
            connection.sendall(answer)

    return script


class MemoryLedger:
    """An in-memory ledger with the same compare-and-set rules, which records its calls."""

    def __init__(self, ids: Sequence[bytes]) -> None:
        self.state: dict[bytes, State] = dict.fromkeys(ids, State.PLANNED)
        self.attempt: dict[bytes, int] = dict.fromkeys(ids, 0)
        self.settled: list[Settlement] = []
        self.exchanges = 0
        self.spilled: list[Settlement] = []
        self.still_mine: Callable[[], bool] = lambda: True

    def spill(self, settlements: Sequence[Settlement]) -> None:
        self.spilled += settlements

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        self.exchanges += 1
        for s in settle:
            assert (self.state[s.id], self.attempt[s.id]) == (State.SENDING, s.attempt)
            self.state[s.id] = s.to
            self.settled.append(s)
        won = [one.id for one in claim if self.state[one.id] is State.PLANNED]
        lost = {one.id: ClaimLost.TAKEN_ELSEWHERE for one in claim if one.id not in won}
        for identity in won:
            self.state[identity] = State.SENDING
            self.attempt[identity] += 1
        return Exchanged({identity: self.attempt[identity] for identity in won}, lost)

    def count(self, state: State) -> int:
        return sum(found is state for found in self.state.values())


def message(n: int) -> Sendable:
    reference = f"m{n:032x}"
    body = b'{"receiver":{"contacts":[{"identifierValue":"+31612345678"}]},"reference":"%b"}' % reference.encode()
    return Sendable(Claim(n.to_bytes(16), b"d" * 24, None), reference, "+31612345678", body, reference)


@dataclass
class Sending:
    """One run of the loop against a port."""

    port: int
    count: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    scheme: str = "http"
    stop: Stop = field(default_factory=Stop)
    clock: Clock = CLOCK
    watch: Callable[[RunProgress], None] = lambda progress: None
    still_mine: Callable[[], bool] = lambda: True
    peer_allowed: Callable[[str], bool] = lambda peer: True
    before: Callable[[int], object] = lambda number: None
    ledger_of: Callable[[Sequence[bytes]], MemoryLedger] = MemoryLedger
    look_up: Callable[[MemoryLedger], Sequence[bytes]] = lambda ledger: ()
    withholds: Callable[[Sendable], Skip | None] | None = None

    def run(self) -> tuple[RunResult, MemoryLedger]:
        from sendspec.sending.loop import send_all

        ledger = self.ledger_of([message(n).id for n in range(self.count)])
        ledger.still_mine = self.still_mine
        messages = (message(n) for n in range(self.count) if self.before(n) or True)
        values = {
            "concurrency": 4,
            "per_second": None,
            "timeout": 5.0,
            "trust_503": False,
            "failure_rate": None,
            "expected": self.count,
            "patience": 5.0,
        }
        endpoint = Endpoint(
            scheme=self.scheme, host="127.0.0.1", port=self.port, authority=f"127.0.0.1:{self.port}", path=PATH,
            authorization="AccessKey canary", peer_allowed=self.peer_allowed,
        )  # fmt: skip
        result = send_all(
            messages, ledger, endpoint, Settings(**{**values, **self.settings}), self.clock, self.stop,
            credited=CreditedIds(), look_up=lambda: self.look_up(ledger), watch=self.watch,
            withholds=self.withholds,
        )  # fmt: skip
        assert ledger.count(State.SENDING) == 0
        assert result.accepted == ledger.count(State.ACCEPTED)
        assert result.refused == ledger.count(State.REFUSED)
        assert result.in_doubt == ledger.count(State.IN_DOUBT)
        return result, ledger


class SelfStopping(Stop):
    """Stops a run that doesn't end by itself. `wake` wakes the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.wake: Callable[[], None] = lambda: None
        self._timer = threading.Timer(PATIENCE, self._give_up)

    def wakes(self, wake: Callable[[], None]) -> None:
        super().wakes(wake)
        self.wake = wake

    def _give_up(self) -> None:
        self.ask(signal.SIGALRM)
        self.ask(signal.SIGALRM)

    def __enter__(self) -> SelfStopping:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


@pytest.fixture(scope="session")
def helpers() -> Any:
    """This module, for tests that need its names."""
    import sys

    return sys.modules[__name__]
