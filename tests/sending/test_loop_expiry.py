"""From the spec's `not_after` on nothing is claimed, whatever waits: the next messages, retries. (Batches: `test_loop_batches`.)"""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest
from sendspec.ledger.record import Exchanged
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.sending.claim_choice import MAX_EXPIRED
from sendspec.sending.ending import Finished, StoppedByApi

MOMENT = 5_000.0


class Wall:
    """A wall clock that stands still until it is told another time."""

    def __init__(self, helpers: Any, now: float = MOMENT - 1) -> None:
        self.now = now
        self.clock = replace(helpers.CLOCK, wall=lambda: self.now)


def send(helpers: Any, wall: Wall, decide: Any, *, count: int, more: dict[str, Any] | None = None, **rest: Any) -> Any:
    """A run whose `not_after` is `MOMENT`, one request at a time unless `more` says otherwise."""
    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 1, "not_after": MOMENT, **(more or {})}
        sending = helpers.Sending(server.port, count=count, stop=stop, clock=wall.clock, settings=settings, **rest)
        result, ledger = sending.run()
    return result, ledger


def test_up_to_the_moment_everything_goes_out(helpers: Any) -> None:
    wall = Wall(helpers, MOMENT - 0.001)
    result, _ = send(helpers, wall, lambda n, request: helpers.accepted(request), count=5)
    assert (result.accepted, dict(result.unclaimed), result.ending) == (5, {}, Finished())


@pytest.mark.parametrize("late", [0.0, 60.0])
def test_from_the_moment_on_nothing_is_claimed_and_all_is_counted(helpers: Any, late: float) -> None:
    wall = Wall(helpers)

    def decide(n: int, request: bytes) -> bytes:
        wall.now = MOMENT + late if n == 3 else wall.now
        return bytes(helpers.accepted(request))

    result, ledger = send(helpers, wall, decide, count=3_000)
    assert (result.accepted, dict(result.unclaimed), result.ending) == (3, {Skip.EXPIRED: 2_997}, Finished())
    assert (result.requests, sum(ledger.attempt.values()), ledger.count(State.PLANNED)) == (3, 3, 2_997)


def test_when_it_has_passed_before_the_run_no_message_waits_for_its_pace_or_a_connection(helpers: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # nobody listens there any more
    settings = {"not_after": MOMENT, "per_second": 0.01, "patience": 600.0}
    with helpers.SelfStopping() as stop:
        clock = Wall(helpers, MOMENT).clock
        result, ledger = helpers.Sending(port, count=2_500, stop=stop, clock=clock, settings=settings).run()
    assert (result.requests, dict(result.unclaimed), result.ending) == (0, {Skip.EXPIRED: 2_500}, Finished())
    assert sum(ledger.attempt.values()) == 0


def test_a_throttled_message_is_not_tried_again_and_its_pause_is_not_waited_out(helpers: Any) -> None:
    wall = Wall(helpers)

    def decide(n: int, request: bytes) -> bytes:
        wall.now = MOMENT
        return bytes(helpers.http(429, b"{}", "Retry-After: 900"))

    result, ledger = send(helpers, wall, decide, count=4)
    assert (result.requests, dict(result.unclaimed), result.ending) == (1, {Skip.EXPIRED: 4}, Finished())
    assert (sum(ledger.attempt.values()), ledger.count(State.PLANNED)) == (1, 4)


def test_a_moment_that_passes_between_choice_and_claim_counts(helpers: Any) -> None:
    wall = Wall(helpers)

    def still_mine() -> bool:
        wall.now = MOMENT
        return True

    result, ledger = send(
        helpers, wall, lambda n, r: helpers.accepted(r), count=3, still_mine=still_mine, more={"concurrency": 4}
    )
    assert (result.requests, dict(result.unclaimed)) == (0, {Skip.EXPIRED: 3})
    assert sum(ledger.attempt.values()) == 0


def test_a_claim_is_dated_by_the_time_that_was_compared(helpers: Any) -> None:
    times: list[float] = []

    class Dated(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            times.extend([more["now"]] * bool(more["claim"]))
            return super().exchange(**more)  # type: ignore[no-any-return]

    wall = Wall(helpers)
    read = [MOMENT - 1]

    def runs_on() -> float:
        read[0] += 0.25
        return read[0]

    wall.clock = replace(wall.clock, wall=runs_on)
    result, _ = send(helpers, wall, lambda n, r: helpers.accepted(r), count=50, ledger_of=Dated)
    assert times
    assert max(times) < MOMENT
    assert result.accepted + result.unclaimed[Skip.EXPIRED] == 50


def test_a_clock_that_is_set_back_brings_nothing_back(helpers: Any) -> None:
    wall = Wall(helpers, MOMENT)

    def before(n: int) -> None:
        wall.now = MOMENT - 1 if n == 5 else wall.now

    count = 2 * MAX_EXPIRED + 50
    result, ledger = send(helpers, wall, lambda n, r: helpers.accepted(r), count=count, before=before)
    assert (result.requests, dict(result.unclaimed)) == (0, {Skip.EXPIRED: count})
    assert sum(ledger.attempt.values()) == 0


def test_a_run_that_stopped_before_the_moment_leaves_the_rest_unsent_and_not_expired(helpers: Any) -> None:
    wall = Wall(helpers)

    def decide(n: int, request: bytes) -> bytes:
        wall.now = MOMENT
        return bytes(helpers.http(401, b'{"code": "Unauthorized", "message": "no"}'))

    result, _ = send(helpers, wall, decide, count=5)
    assert isinstance(result.ending, StoppedByApi)
    assert dict(result.unclaimed) == {}


def test_a_lost_answer_stays_in_doubt_and_is_not_called_expired(helpers: Any) -> None:
    wall = Wall(helpers)

    def decide(n: int, request: bytes) -> None:
        wall.now = MOMENT

    result, ledger = send(helpers, wall, decide, count=5)
    assert (result.in_doubt, dict(result.unclaimed), result.ending) == (1, {Skip.EXPIRED: 4}, Finished())
    assert ledger.count(State.IN_DOUBT) == 1
