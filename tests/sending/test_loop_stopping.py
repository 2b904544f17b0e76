"""Runs that are asked to stop, lose their lock or ledger, or are watched by something that breaks."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.record import Exchanged
from sendspec.planning.message_state import State
from sendspec.sending.ending import (
    Interrupted,
    LockLost,
)
from sendspec.sending.run import Stop


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
    stop, gone = Stop(), threading.Event()

    def decide(n: int, request: bytes) -> bytes:
        if n == 4:
            stop.ask(signal.SIGINT)
            stop.ask(signal.SIGINT)
        gone.wait(30)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, ledger = helpers.Sending(server.port, count=100, stop=stop, settings={"timeout": 30.0}).run()
        gone.set()
    assert result.ending == Interrupted(signal.SIGINT)
    assert result.in_doubt == 4
    assert ledger.count(State.PLANNED) == 96


def test_a_lock_that_is_no_longer_ours_stops_before_the_next_claim(helpers: Any) -> None:
    held = iter([True, True, False])
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server:
        result, ledger = helpers.Sending(server.port, count=100, still_mine=lambda: next(held, False)).run()
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
