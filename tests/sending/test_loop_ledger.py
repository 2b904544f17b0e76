"""Runs whose ledger fails, whose messages end in an error, and whose recipients opt out meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerMissing,
    LedgerMoved,
    LedgerTrouble,
    LedgerUnwritable,
    SendspecError,
    SuppressionListUnreadable,
)
from sendspec.ledger.record import Exchanged
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.sending.ending import Finished, Halted, OptOutsUnread, SuppressLost
from sendspec.sending.run import RunProgress, Sendable

PATIENCE = 20.0
"""Seconds that a test waits for an event."""


def failing(helpers: Any, at: int, trouble: LedgerTrouble, spill: Callable[[Sequence[Any]], None]) -> Any:
    class Failing(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, **more: Any) -> Exchanged:
            if self.exchanges >= at:
                raise trouble
            return super().exchange(**more)  # type: ignore[no-any-return]

        def spill(self, settlements: Sequence[Any]) -> None:
            spill(settlements)

    return Failing


def test_a_ledger_that_fails_before_anything_was_sent_is_given_nothing_to_keep(helpers: Any) -> None:
    kept: list[Any] = []
    ledger = failing(helpers, 0, LedgerDamaged("a page is damaged", "restore it"), kept.append)
    requests: list[int] = []

    def decide(n: int, request: bytes) -> bytes:
        requests.append(n)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server, pytest.raises(LedgerDamaged, match="a page"):
        helpers.Sending(server.port, count=5, ledger_of=ledger).run()
    assert kept == []
    assert requests == []


@pytest.mark.parametrize("kind", [LedgerUnwritable, LedgerDamaged, LedgerMoved])
def test_results_that_the_ledger_takes_no_more_are_kept(helpers: Any, kind: type[LedgerTrouble]) -> None:
    kept: list[Any] = []
    ledger = failing(helpers, 1, kind("it is gone", "bring it back"), kept.extend)
    with (
        helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server,
        pytest.raises(kind, match="it is gone"),
    ):
        helpers.Sending(server.port, count=5, ledger_of=ledger, settings={"concurrency": 1}).run()
    assert [settlement.to for settlement in kept] == [State.ACCEPTED]


def test_where_results_can_not_be_kept_either_the_ledgers_trouble_is_told(helpers: Any) -> None:
    tried: list[int] = []

    def spill(settlements: Sequence[Any]) -> None:
        tried.append(len(settlements))
        raise OSError("no room for results either")

    ledger = failing(helpers, 1, LedgerUnwritable("the disk is full", "make room"), spill)
    with (
        helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server,
        pytest.raises(LedgerUnwritable, match="the disk is full"),
    ):
        helpers.Sending(server.port, count=5, ledger_of=ledger, settings={"concurrency": 1}).run()
    assert tried == [1]


@pytest.mark.parametrize("at", [1, 3, 8])
def test_a_result_is_counted_and_shown_only_once_the_ledger_has_it(helpers: Any, at: int) -> None:
    """Whatever is shown is in the ledger, also where the ledger fails at its exchange number `at`."""
    trouble = LedgerUnwritable("the disk is full", "make room")
    failing_ledger = failing(helpers, at, trouble, lambda settlements: None)
    ledgers: list[Any] = []
    shown: list[tuple[list[int], list[int]]] = []

    def ledger_of(ids: Sequence[bytes]) -> Any:
        ledgers.append(failing_ledger(ids))
        return ledgers[-1]

    def watch(progress: RunProgress) -> None:
        stored = [ledgers[0].count(state) for state in (State.ACCEPTED, State.REFUSED, State.IN_DOUBT)]
        shown.append(([progress.accepted, progress.refused, progress.in_doubt], stored))

    def decide(n: int, request: bytes) -> bytes:
        return bytes((helpers.accepted(request), helpers.http(422), helpers.http(500), helpers.http(429))[n % 4])

    with helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 1}
        sending = helpers.Sending(server.port, count=40, ledger_of=ledger_of, watch=watch, settings=settings)
        with pytest.raises(LedgerUnwritable, match="the disk is full"):
            sending.run()
    assert all(counted == stored for counted, stored in shown)
    assert any(any(counted) for counted, _ in shown) == (at > 1)


@pytest.mark.parametrize("at", [0, 1, 7])
def test_where_the_messages_end_in_an_error_what_is_in_flight_is_settled_first(helpers: Any, at: int) -> None:
    ledgers: list[Any] = []

    class Kept(helpers.MemoryLedger):  # type: ignore[misc]
        def __init__(self, ids: Sequence[bytes]) -> None:
            super().__init__(ids)
            ledgers.append(self)

    def before(n: int) -> None:
        if n == at:
            raise LedgerTrouble("the disk gives nothing back", "check the disk")

    with (
        helpers.SelfStopping() as stop,
        helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server,
    ):
        sending = helpers.Sending(server.port, count=20, stop=stop, ledger_of=Kept, before=before)
        with pytest.raises(LedgerTrouble, match="gives nothing back"):
            sending.run()
    [ledger] = ledgers
    assert ledger.count(State.SENDING) == ledger.count(State.IN_DOUBT) == 0
    assert ledger.count(State.ACCEPTED) <= at
    assert ledger.count(State.ACCEPTED) + ledger.count(State.PLANNED) == 20


def test_who_is_withheld_is_not_claimed_and_counted(helpers: Any) -> None:
    with (
        helpers.SelfStopping() as stop,
        helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server,
    ):
        barred = {helpers.message(n).id: Skip.OPTED_OUT if n else Skip.SUPPRESSED for n in (0, 3, 4)}
        sending = helpers.Sending(server.port, count=6, stop=stop, withholds=lambda message: barred.get(message.id))
        result, ledger = sending.run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, dict(result.unclaimed)) == (3, {Skip.SUPPRESSED: 1, Skip.OPTED_OUT: 2})
    assert {identity for identity, attempt in ledger.attempt.items() if not attempt} == barred.keys()


@pytest.mark.parametrize(
    ("trouble", "ending"),
    [
        (
            SuppressionListUnreadable("the list is gone", "bring it back"),
            SuppressLost("the list is gone", "bring it back"),
        ),
        (
            LedgerMissing("the file is gone", "restore it"),
            OptOutsUnread("the file is gone", "restore it", "ledger-missing"),
        ),
    ],
)
def test_without_the_list_of_who_opted_out_nobody_more_is_claimed(
    helpers: Any, trouble: SendspecError, ending: SuppressLost | OptOutsUnread
) -> None:
    asked: list[bytes] = []

    def withholds(message: Sendable) -> None:
        asked.append(message.id)
        if len(asked) == 3:
            raise trouble

    with (
        helpers.SelfStopping() as stop,
        helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server,
    ):
        settings = {"concurrency": 1}
        sending = helpers.Sending(server.port, count=6, stop=stop, withholds=withholds, settings=settings)
        result, ledger = sending.run()
    assert result.ending == ending
    assert (result.accepted, sum(ledger.attempt.values())) == (2, 2)
    assert len(asked) == 3


def test_a_halt_of_the_whole_ledger_ends_the_run_and_loses_no_claim(helpers: Any) -> None:
    class Halting(helpers.MemoryLedger):  # type: ignore[misc]
        def exchange(self, *, settle: Sequence[Any], claim: Sequence[Any], now: float) -> Exchanged:
            if self.exchanges == 0:
                return super().exchange(settle=settle, claim=claim, now=now)  # type: ignore[no-any-return]
            super().exchange(settle=settle, claim=[], now=now)
            return Exchanged({}, {}, "wrong price")

    with helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server:
        result, ledger = helpers.Sending(server.port, count=50, ledger_of=Halting, settings={"concurrency": 4}).run()
    assert result.ending == Halted("wrong price")
    assert result.accepted == result.requests == ledger.count(State.ACCEPTED) > 0
    assert ledger.count(State.PLANNED) == 50 - result.accepted
    assert not result.unclaimed
