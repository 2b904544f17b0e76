"""Runs that send several messages in one request."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sendspec.ledger.record import Exchanged
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.provider.outcome import RunRefused
from sendspec.provider.request import MAX_BATCH, batch_key
from sendspec.sending.ending import Finished, Interrupted, SpecRefused, StoppedByApi, TooManyDoubts, Unreachable
from sendspec.sending.run import Stop


def references(request: bytes) -> list[str]:
    """The references of the messages in a request, in order."""
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    assert list(body) == ["messageRequests"]
    return [one["reference"] for one in body["messageRequests"]]


def key_of(request: bytes) -> str:
    """The idempotency key in a request's head."""
    (line,) = [one for one in request.split(b"\r\n") if one.startswith(b"Idempotency-Key: ")]
    return line.partition(b": ")[2].decode()


class Batches:
    """A server that accepts every batch, except where `otherwise` returns a response for the nth request, from 1."""

    def __init__(self, helpers: Any, otherwise: Callable[[int, bytes], bytes | None] = lambda n, request: None) -> None:
        self._helpers = helpers
        self._otherwise = otherwise
        self.requests: list[bytes] = []
        self.taken: list[str] = []

    @property
    def sizes(self) -> list[int]:
        return [len(references(request)) for request in self.requests]

    def __call__(self, n: int, request: bytes) -> bytes | None:
        self.requests.append(request)
        answer = self._otherwise(n, request)
        if answer == HANG_UP:
            return None
        if answer is not None:
            return answer
        self.taken += references(request)
        listed = [{"id": f"id-{one}", "status": "accepted"} for one in references(request)]
        return bytes(self._helpers.http(202, json.dumps({"messages": listed}).encode()))


HANG_UP = b"hang up"


def run(
    helpers: Any, batches: Batches, count: int, batch: int = 10, concurrency: int = 1, **more: Any
) -> tuple[Any, Any]:
    settings = {"batch": batch, "concurrency": concurrency, **more.pop("settings", {})}
    with helpers.raw_server(helpers.answering(batches)) as server:
        result, ledger = helpers.Sending(server.port, count=count, settings=settings, **more).run()
    return result, ledger


def under_their_own_ids(ledger: Any) -> bool:
    """Whether each accepted message has the id that the server gave to its reference."""
    accepted = [settlement for settlement in ledger.settled if settlement.to is State.ACCEPTED]
    return all(settlement.remote_id == f"id-m{settlement.id.hex()}" for settlement in accepted)


def test_messages_go_out_by_batches_the_last_of_them_smaller(helpers: Any) -> None:
    batches = Batches(helpers)
    result, ledger = run(helpers, batches, count=25)
    assert isinstance(result.ending, Finished)
    assert batches.sizes == [10, 10, 5]
    assert batches.taken == [helpers.message(n).reference for n in range(25)]
    assert (result.accepted, result.requests) == (25, 3)
    assert under_their_own_ids(ledger)
    for request in batches.requests:
        assert request.startswith(b"POST %b HTTP/1.1\r\n" % helpers.PATH.encode())
        assert key_of(request) == batch_key(references(request))  # a test message's key is its reference


def test_a_batch_of_the_most_messages_goes_out_over_many_connections_each_message_once(helpers: Any) -> None:
    batches = Batches(helpers)
    result, ledger = run(helpers, batches, count=1_234, batch=MAX_BATCH, concurrency=4)
    assert (result.accepted, result.requests) == (1_234, 13)
    assert sorted(batches.taken) == sorted(helpers.message(n).reference for n in range(1_234))
    assert under_their_own_ids(ledger)


def test_a_batch_of_one_goes_to_the_batch_endpoint_all_the_same(helpers: Any) -> None:
    batches = Batches(helpers)
    result, _ = run(helpers, batches, count=3, batch=1)
    assert batches.sizes == [1, 1, 1]
    assert result.accepted == 3


def test_the_rate_counts_requests(helpers: Any) -> None:
    """At 20 requests a second, 60 messages in batches of 10 take a quarter of a second; one by one they would take 3."""
    batches = Batches(helpers)
    result, _ = run(helpers, batches, count=60, settings={"per_second": 20.0})
    assert batches.sizes == [10] * 6
    assert result.accepted == 60
    assert 0.15 < result.seconds < 2.9


def test_where_fewer_slots_are_due_than_chosen_the_others_wait_and_come_next(helpers: Any) -> None:
    batches = Batches(helpers)
    result, _ = run(helpers, batches, count=30, batch=3, concurrency=8, settings={"per_second": 30.0})
    assert sorted(batches.taken) == [helpers.message(n).reference for n in range(30)]
    assert set(batches.sizes) == {3}
    assert (result.accepted, result.requests) == (30, 10)


MISFITS: dict[str, Callable[[list[str]], Any]] = {
    "no JSON": lambda found: "<html>",
    "a message too few": lambda found: {"messages": [{"id": one} for one in found[1:]]},
    "a message without an id": lambda found: {"messages": [{"id": one} for one in found[1:]] + [{"id": None}]},
    "one id for two": lambda found: {"messages": [{"id": one} for one in [*found[1:], found[1]]]},
    "references in another order": lambda found: {"messages": [{"id": one, "reference": one} for one in found[::-1]]},
}


@pytest.mark.parametrize("what", MISFITS)
def test_after_an_answer_that_does_not_fit_all_are_looked_up_and_one_message_probes(helpers: Any, what: str) -> None:
    def otherwise(n: int, request: bytes) -> bytes | None:
        return None if n > 1 else bytes(helpers.http(202, json.dumps(MISFITS[what](references(request))).encode()))

    asked: list[list[bytes]] = []

    def look_up(ledger: Any) -> Sequence[bytes]:
        asked.append([identity for identity, state in ledger.state.items() if state is State.IN_DOUBT])
        return ()

    batches = Batches(helpers, otherwise)
    result, ledger = run(helpers, batches, count=24, look_up=look_up)
    assert asked == [[helpers.message(n).id for n in range(10)]]
    assert batches.sizes == [10, 1, 10, 3]
    assert (result.in_doubt, result.accepted) == (10, 14)
    assert result.doubts[0].count == 10
    assert set(ledger.attempt.values()) == {1}


def test_a_probe_that_does_not_fit_either_stops_the_run_with_one_more_doubt(helpers: Any) -> None:
    batches = Batches(helpers, lambda n, request: bytes(helpers.http(202, b'{"messages": []}')))
    result, ledger = run(helpers, batches, count=50)
    assert isinstance(result.ending, TooManyDoubts)
    assert "lists 0 messages of 1" in result.ending.evidence
    assert batches.sizes == [10, 1]
    assert (result.in_doubt, result.requests) == (11, 2)
    assert ledger.count(State.PLANNED) == 39


def test_a_refusal_of_the_run_leaves_its_messages_planned(helpers: Any) -> None:
    batches = Batches(helpers, lambda n, request: bytes(helpers.http(403)) if n == 2 else None)
    result, ledger = run(helpers, batches, count=50)
    assert result.ending == StoppedByApi(RunRefused(403, "403"))
    assert batches.sizes == [10, 10]
    assert (result.accepted, result.refused, result.in_doubt) == (10, 0, 0)
    assert ledger.count(State.PLANNED) == 40


def test_rejected_messages_are_refused_among_accepted_ones(helpers: Any) -> None:
    def otherwise(n: int, request: bytes) -> bytes:
        listed = [
            {"id": f"id-{one}", "status": "rejected" if place == n else "accepted"}
            for place, one in enumerate(references(request))
        ]
        return bytes(helpers.http(202, json.dumps({"messages": listed}).encode()))

    result, ledger = run(helpers, Batches(helpers, otherwise), count=30)
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.refused) == (27, 3)
    refused = [s.id for s in ledger.settled if s.to is State.REFUSED]
    assert refused == [helpers.message(n).id for n in (1, 12, 23)]
    assert under_their_own_ids(ledger)


def test_when_all_of_the_first_twenty_are_refused_the_run_stops(helpers: Any) -> None:
    batches = Batches(helpers, lambda n, request: bytes(helpers.http(400)))
    result, ledger = run(helpers, batches, count=100)
    assert isinstance(result.ending, SpecRefused)
    assert (result.refused, result.requests) == (20, 2)
    assert ledger.count(State.PLANNED) == 80


def test_a_throttled_batch_is_sent_again_as_it_was_under_the_same_key(helpers: Any) -> None:
    batches = Batches(helpers, lambda n, request: bytes(helpers.http(429, b"{}", "Retry-After: 0")) if n == 2 else None)
    result, ledger = run(helpers, batches, count=30)
    assert result.accepted == 30
    assert batches.sizes == [10, 10, 10, 10]
    assert batches.requests[1] == batches.requests[2]
    assert key_of(batches.requests[1]) != key_of(batches.requests[0])
    assert [ledger.attempt[helpers.message(n).id] for n in (0, 10, 19, 20)] == [1, 2, 2, 1]
    assert result.requests == 4


def test_from_the_moment_of_not_after_on_no_batch_is_claimed_not_even_one_that_was_throttled(helpers: Any) -> None:
    wall = [0.0]

    def otherwise(n: int, request: bytes) -> bytes | None:
        wall[0] = 1.0 if n == 2 else 0.0
        return bytes(helpers.http(429, b"{}", "Retry-After: 900")) if n == 2 else None

    batches = Batches(helpers, otherwise)
    clock = replace(helpers.CLOCK, wall=lambda: wall[0])
    result, ledger = run(helpers, batches, count=35, clock=clock, settings={"not_after": 1.0})
    assert (result.accepted, dict(result.unclaimed), result.ending) == (10, {Skip.EXPIRED: 25}, Finished())
    assert batches.sizes == [10, 10]
    assert ledger.count(State.PLANNED) == 25


def test_a_throttled_batch_costs_the_run_one_try_however_many_messages_it_has(helpers: Any) -> None:
    """The budget of a run this small is 20 tries. Four batches of 25 are throttled at once: 4 tries, and not 100."""
    together = threading.Barrier(4)

    def otherwise(n: int, request: bytes) -> bytes | None:
        if n > 4:
            return None
        together.wait(10)
        return bytes(helpers.http(429, b"{}", "Retry-After: 0"))

    batches = Batches(helpers, otherwise)
    result, ledger = run(helpers, batches, count=100, batch=25, concurrency=4)
    assert (result.accepted, result.in_doubt) == (100, 0)
    assert set(ledger.attempt.values()) == {2}
    assert result.requests == 8


def test_a_message_of_a_throttled_batch_has_eight_tries(helpers: Any) -> None:
    batches = Batches(helpers, lambda n, request: bytes(helpers.http(429, b"{}", "Retry-After: 0")))
    result, ledger = run(helpers, batches, count=5)
    assert isinstance(result.ending, Finished)
    assert batches.sizes == [5] * 8
    assert set(ledger.attempt.values()) == {8}
    assert ledger.count(State.PLANNED) == 5


@pytest.mark.parametrize("cut", [HANG_UP, b"HTTP/1.1 202 X\r\nContent-Length: 500\r\n\r\n{"])
def test_a_lost_answer_leaves_the_whole_batch_in_doubt(helpers: Any, cut: bytes) -> None:
    def script(connection: socket.socket, number: int) -> None:
        while (request := helpers.read_request(connection)) is not None:
            sent.append(references(request))
            if cut != HANG_UP:
                connection.sendall(cut)
            return

    sent: list[list[str]] = []
    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=7, settings={"batch": 10, "concurrency": 1}).run()
    assert sent == [[helpers.message(n).reference for n in range(7)]]
    assert (result.in_doubt, result.requests) == (7, 1)
    assert len({settlement.evidence for settlement in ledger.settled}) == 1
    assert {settlement.attempt for settlement in ledger.settled} == {1}


def test_a_lost_answer_is_one_doubt_to_the_breaker_however_many_messages_it_concerns(helpers: Any) -> None:
    looks: list[int] = []

    def look(ledger: Any) -> tuple[()]:
        looks.append(ledger.count(State.IN_DOUBT))
        return ()

    batches = Batches(helpers, lambda n, request: HANG_UP if n <= 4 else None)
    result, _ = run(helpers, batches, count=60, look_up=look)
    assert looks == []
    assert batches.sizes == [10] * 6
    assert (result.in_doubt, result.accepted) == (40, 20)

    batches = Batches(helpers, lambda n, request: HANG_UP if n <= 5 else None)
    result, _ = run(helpers, batches, count=71, look_up=look)
    assert looks == [50]
    assert batches.sizes == [*[10] * 5, 1, 10, 10]
    assert (result.in_doubt, result.accepted) == (50, 21)


def test_a_batch_of_accepted_and_rejected_messages_is_one_answer_to_the_breaker(helpers: Any) -> None:
    """Every fourth answer is lost: the fifth of them is the seventeenth answer, and 5 doubts within 20 open the breaker."""

    def otherwise(n: int, request: bytes) -> bytes:
        if n % 4 == 1 and n <= 17:
            return HANG_UP
        listed = [{"id": f"id-{one}", "status": "accepted"} for one in references(request)]
        return bytes(
            helpers.http(202, json.dumps({"messages": [*listed[:-1], {**listed[-1], "status": "rejected"}]}).encode())
        )

    looks: list[int] = []
    batches = Batches(helpers, otherwise)

    def look(ledger: Any) -> tuple[()]:
        looks.append(len(batches.requests))
        return ()

    run(helpers, batches, count=43, batch=2, look_up=look)
    assert looks == [17]
    assert batches.sizes == [*[2] * 17, 1, *[2] * 4]


def test_what_the_look_up_finds_of_a_batch_is_accepted(helpers: Any) -> None:
    def look_up(ledger: Any) -> list[bytes]:
        found = [identity for identity, state in ledger.state.items() if state is State.IN_DOUBT][:6]
        ledger.state.update(dict.fromkeys(found, State.ACCEPTED))
        return found

    batches = Batches(helpers, lambda n, request: bytes(helpers.http(200, b"<html>")) if n == 1 else None)
    result, _ = run(helpers, batches, count=20, look_up=look_up)
    assert (result.accepted, result.in_doubt) == (16, 4)
    assert [(cause.count, cause.first) for cause in result.doubts] == [(4, helpers.message(6).id)]


@pytest.mark.parametrize("lost", [{3}, {0, 9, 10, 14}, set(range(10)), set(range(19))])
def test_only_what_was_claimed_goes_out(helpers: Any, lost: set[int]) -> None:
    """Another run settled some of the messages meanwhile: only the rest of a batch is sent."""

    def ledger_of(ids: Sequence[bytes]) -> Any:
        ledger = helpers.MemoryLedger(ids)
        ledger.state.update((helpers.message(n).id, State.SKIPPED) for n in lost)
        return ledger

    batches = Batches(helpers)
    result, ledger = run(helpers, batches, count=20, ledger_of=ledger_of)
    assert batches.taken == [helpers.message(n).reference for n in range(20) if n not in lost]
    assert [key_of(request) for request in batches.requests] == [
        batch_key(references(request)) for request in batches.requests
    ]
    assert result.accepted == 20 - len(lost)
    assert result.requests == len(batches.requests) == len({n // 10 for n in range(20) if n not in lost})
    assert under_their_own_ids(ledger)


def test_asked_twice_to_stop_the_batch_on_the_wire_is_in_doubt_and_one_request(helpers: Any) -> None:
    stop, released = Stop(), threading.Event()

    def otherwise(n: int, request: bytes) -> bytes | None:
        if n == 2:
            stop.ask(signal.SIGINT)
            stop.ask(signal.SIGINT)
            released.wait(30)
        return None

    batches = Batches(helpers, otherwise)
    with helpers.raw_server(helpers.answering(batches)) as server:
        settings = {"batch": 10, "concurrency": 1, "timeout": 30.0}
        result, ledger = helpers.Sending(server.port, count=50, stop=stop, settings=settings).run()
        released.set()
    assert result.ending == Interrupted(signal.SIGINT)
    assert (result.accepted, result.in_doubt, result.requests) == (10, 10, 2)
    assert ledger.count(State.PLANNED) == 30
    assert {s.evidence for s in ledger.settled if s.to is State.IN_DOUBT} == {
        "the run was interrupted before the answer came"
    }


def test_asked_to_stop_after_the_claim_nothing_of_the_batch_goes_out(helpers: Any) -> None:
    stop = Stop()

    class Asking(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            if exchanged.won:
                stop.ask(signal.SIGTERM)
            return exchanged

    batches = Batches(helpers)
    result, ledger = run(helpers, batches, count=20, stop=stop, ledger_of=Asking)
    assert result.ending == Interrupted(signal.SIGTERM)
    assert batches.requests == []
    assert (result.requests, result.in_doubt) == (0, 0)
    assert ledger.count(State.PLANNED) == 20
    assert {settlement.evidence for settlement in ledger.settled} == {"the run was asked to stop"}


def test_a_batch_whose_connection_is_gone_before_it_goes_out_waits_for_another_one(helpers: Any) -> None:
    """The server hangs up on the idle connection; the next address is not allowed, so no byte of the batch leaves."""
    peers = iter([True])
    hang_up, gone = threading.Event(), threading.Event()

    def script(connection: socket.socket, number: int) -> None:
        hang_up.wait(10)
        connection.close()
        gone.set()

    def before(n: int) -> None:
        if n == 0:
            hang_up.set()
            gone.wait(10)

    with helpers.raw_server(script) as server:
        sending = helpers.Sending(
            server.port, count=5, settings={"batch": 5, "concurrency": 1}, before=before,
            peer_allowed=lambda peer: next(peers, False),
        )  # fmt: skip
        result, ledger = sending.run()
    assert isinstance(result.ending, Unreachable)
    assert (result.requests, result.in_doubt) == (0, 0)
    assert ledger.count(State.PLANNED) == 5
    assert all("inside a private network" in settlement.evidence for settlement in ledger.settled)
    assert len(ledger.settled) == 5


def test_a_batch_whose_time_was_over_before_it_could_begin_is_sent_whole_in_its_next_turn(helpers: Any) -> None:
    late = [0.0]

    class Slow(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            if self.exchanges == 0:
                late[0] += 60.0  # the claim takes a minute
            return super().exchange(**more)  # type: ignore[no-any-return]

    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])
    batches = Batches(helpers)
    result, ledger = run(helpers, batches, count=15, clock=clock, ledger_of=Slow, settings={"timeout": 50.0})
    assert batches.sizes == [10, 5]
    assert sorted(batches.taken) == [helpers.message(n).reference for n in range(15)]
    assert (result.accepted, result.requests) == (15, 2)
    assert [ledger.attempt[helpers.message(n).id] for n in (0, 9, 10, 14)] == [2, 2, 1, 1]
