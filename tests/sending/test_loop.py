"""The loop: many events at once, senders as needed, slow commits, throttled bursts."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sendspec.ledger.record import Exchanged
from sendspec.planning.message_state import State
from sendspec.sending.ending import Finished, Interrupted, Unreachable
from sendspec.sending.loop import MAX_DRAINED
from sendspec.sending.run import Stop

PATIENCE = 20.0
"""Seconds that a test waits for an event."""


def test_of_more_events_than_are_taken_at_once_none_is_lost(helpers: Any) -> None:
    """A response queued behind as many events as the loop takes at once is taken in the next round."""
    asked, answer, back = threading.Event(), threading.Event(), threading.Event()

    def comes_back() -> bool:
        back.set()
        return True

    peers: Iterator[Callable[[], bool]] = iter([lambda: True, lambda: asked.wait(PATIENCE), comes_back])

    def decide(n: int, request: bytes) -> bytes:
        if n > 1:
            return bytes(helpers.accepted(request))
        asked.set()
        answer.wait(PATIENCE)
        return bytes(helpers.accepted(request)).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    class Busy(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            if self.exchanges == 2:  # the second sender has its first message, and the queue of events is empty
                for _ in range(MAX_DRAINED):
                    stop.wake()
                answer.set()
                back.wait(PATIENCE)  # the first sender connects again: its answer is in the queue
            return exchanged

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(
            server.port, count=2, stop=stop, ledger_of=Busy, settings={"concurrency": 2, "timeout": 60.0},
            peer_allowed=lambda peer: next(peers, lambda: True)(),
        )  # fmt: skip
        result, _ = sending.run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.in_doubt) == (2, 0)


def test_with_as_many_senders_as_may_be_every_answer_is_counted(helpers: Any) -> None:
    together = threading.Barrier(256)

    def decide(n: int, request: bytes) -> bytes:
        if n <= 256:
            together.wait(PATIENCE)
        return bytes(helpers.accepted(request))

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 256, "timeout": 60.0}
        result, _ = helpers.Sending(server.port, count=600, stop=stop, settings=settings).run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.requests) == (600, 600)


def test_where_answers_take_longer_than_was_guessed_more_senders_start(helpers: Any) -> None:
    """At 10 requests a second four connections would do for answers of 0.2 seconds; these wait for six requests."""
    six = threading.Barrier(6)

    def decide(n: int, request: bytes) -> bytes:
        if n <= 6:
            six.wait(PATIENCE)
        return bytes(helpers.accepted(request))

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 8, "per_second": 10.0, "timeout": 60.0}
        result, _ = helpers.Sending(server.port, count=10, stop=stop, settings=settings).run()
        assert server.connections >= 6
    assert isinstance(result.ending, Finished)
    assert result.accepted == 10


def test_while_senders_still_connect_no_more_start(helpers: Any) -> None:
    """At 10 requests a second four are enough for answers that come at once, however long connecting takes."""
    connecting = threading.Barrier(4)
    senders: set[threading.Thread] = set()

    def allow(peer: str) -> bool:
        senders.add(threading.current_thread())
        for _ in range(50):
            stop.wake()
        connecting.wait(PATIENCE)
        return True

    answering = helpers.answering(lambda n, request: helpers.accepted(request))
    with helpers.SelfStopping() as stop, helpers.raw_server(answering) as server:
        settings = {"concurrency": 8, "per_second": 10.0, "timeout": 60.0}
        result, _ = helpers.Sending(server.port, count=4, stop=stop, settings=settings, peer_allowed=allow).run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, len(senders)) == (4, 4)


def test_while_the_api_can_not_be_reached_no_more_senders_start(helpers: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    settings = {"concurrency": 8, "per_second": 10.0, "patience": 0.5}
    before = set(threading.enumerate())
    senders: set[threading.Thread] = set()
    sending = helpers.Sending(
        port, count=10, settings=settings, watch=lambda progress: senders.update({*threading.enumerate()} - before)
    )
    result, _ = sending.run()
    assert isinstance(result.ending, Unreachable)
    assert (result.requests, len(senders)) == (0, 4)


def test_when_the_run_is_over_nothing_is_looked_up_any_more(helpers: Any) -> None:
    stop = Stop()
    looks: list[int] = []

    def look(ledger: Any) -> tuple[()]:
        looks.append(1)
        return ()

    def decide(n: int, request: bytes) -> bytes:
        stop.ask(signal.SIGTERM)
        return bytes(helpers.http(200, b"<html>"))

    with helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(server.port, count=5, stop=stop, settings={"concurrency": 1}, look_up=look)
        result, ledger = sending.run()
    assert result.ending == Interrupted(signal.SIGTERM)
    assert looks == []
    assert (result.in_doubt, ledger.count(State.PLANNED)) == (1, 4)


def test_before_the_look_up_every_doubt_is_in_the_ledger(helpers: Any) -> None:
    looks: list[dict[bytes, State]] = []

    def look(ledger: Any) -> tuple[()]:
        looks.append(dict(ledger.state))
        return ()

    script = helpers.answering(lambda n, request: helpers.http(500) if n <= 5 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        sending = helpers.Sending(
            server.port,
            count=9,
            settings={"concurrency": 1},
            look_up=look,
        )
        result, _ = sending.run()
    assert [sorted(states.values()) for states in looks] == [[State.IN_DOUBT] * 5 + [State.PLANNED] * 4]
    assert (result.in_doubt, result.accepted) == (5, 4)


def test_a_message_whose_time_is_over_when_it_could_begin_is_not_sent_late(helpers: Any) -> None:
    late = [0.0]

    class Slow(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            if self.exchanges == 0:
                late[0] += 60.0  # the claim takes a minute
            return super().exchange(**more)  # type: ignore[no-any-return]

    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])
    with (
        helpers.SelfStopping() as stop,
        helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server,
    ):
        sending = helpers.Sending(server.port, stop=stop, clock=clock, ledger_of=Slow, settings={"timeout": 50.0})
        result, ledger = sending.run()
    assert [(s.to, s.evidence) for s in ledger.settled] == [
        (State.PLANNED, "its deadline passed before it could be sent"),
        (State.ACCEPTED, None),
    ]
    assert (result.accepted, result.requests) == (1, 1)


def slow_disk(helpers: Any, late: list[float], seconds: Callable[[int], float]) -> Any:
    """Makes ledgers whose nth exchange (from 1) takes `seconds(n)`: so much is added to `late`."""

    class Slow(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            late[0] += seconds(self.exchanges)
            return exchanged

    return Slow


@pytest.mark.parametrize("more", [{}, {"per_second": 50.0}, {"batch": 3}, {"batch": 3, "per_second": 50.0}])
def test_where_every_commit_takes_longer_than_the_timeout_all_is_sent(helpers: Any, more: dict[str, Any]) -> None:
    """A message's time begins once its claim is on the disk; the first commit is not yet known to be a usual one."""
    late = [0.0]
    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])

    def accept(n: int, request: bytes) -> bytes:
        if "batch" not in more:
            return bytes(helpers.accepted(request))
        asked = json.loads(request.partition(b"\r\n\r\n")[2])["messageRequests"]
        return bytes(helpers.http(202, json.dumps({"messages": [{"id": one["reference"]} for one in asked]}).encode()))

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(accept)) as server:
        sending = helpers.Sending(
            server.port, count=30, stop=stop, clock=clock, ledger_of=slow_disk(helpers, late, lambda n: 60.0),
            settings={"timeout": 50.0, "concurrency": 1, **more},
        )  # fmt: skip
        result, ledger = sending.run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.in_doubt) == (30, 0)
    assert max(ledger.attempt.values()) <= 2
    assert {s.evidence for s in ledger.settled if s.to is State.PLANNED} <= {
        "its deadline passed before it could be sent"
    }


@pytest.mark.parametrize("more", [{}, {"per_second": 50.0}])
@pytest.mark.parametrize("nth", [1, 4])
def test_a_stop_after_one_claim_for_longer_than_the_timeout_sends_nothing_late(
    helpers: Any, nth: int, more: dict[str, Any]
) -> None:
    late = [0.0]
    held: list[set[bytes]] = []
    sent: list[tuple[bytes, int]] = []

    class Stopped(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            if exchanged.won and not held and self.exchanges >= nth:
                held.append(set(exchanged.won))
                late[0] += 60.0
            ledgers.append(self)
            return exchanged

    ledgers: list[Any] = []

    def accept(n: int, request: bytes) -> bytes:
        identity = bytes.fromhex(helpers.reference_of(request)[1:])
        sent.append((identity, ledgers[-1].attempt[identity]))
        return bytes(helpers.accepted(request))

    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])
    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(accept)) as server:
        settings = {"timeout": 50.0, "concurrency": 1, **more}
        sending = helpers.Sending(
            server.port, count=30, stop=stop, clock=clock, ledger_of=Stopped, settings=settings
        )  # fmt: skip
        result, _ = sending.run()
    assert result.accepted == 30
    assert held
    assert all(attempt == 2 for identity, attempt in sent if identity in held[0])
    assert len(sent) == 30


def test_a_burst_of_throttled_requests_beyond_the_budget_is_left_for_the_next_run(helpers: Any) -> None:
    together = threading.Barrier(32)

    def decide(n: int, request: bytes) -> bytes:
        if n > 32:
            return bytes(helpers.accepted(request))
        together.wait(PATIENCE)
        return bytes(helpers.http(429, b"{}", "Retry-After: 0"))

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 32, "timeout": 60.0}
        result, ledger = helpers.Sending(server.port, count=32, stop=stop, settings=settings).run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, ledger.count(State.PLANNED)) == (20, 12)


def test_what_only_asks_whether_the_api_takes_more_costs_the_run_nothing(helpers: Any) -> None:
    """Each of three messages is accepted at its eighth try: 21 are throttled, and the budget of this run is 20."""
    tries: dict[str, int] = {}

    def decide(n: int, request: bytes) -> bytes:
        reference = helpers.reference_of(request)
        tries[reference] = tries.get(reference, 0) + 1
        return bytes(helpers.accepted(request) if tries[reference] == 8 else helpers.http(429, b"{}", "Retry-After: 0"))

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(server.port, count=3, stop=stop, settings={"concurrency": 1})
        result, _ = sending.run()
    assert (result.accepted, result.requests) == (3, 24)
