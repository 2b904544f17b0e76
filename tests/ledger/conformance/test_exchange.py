"""Results in, claims out: both compare-and-set, in one commit."""

from __future__ import annotations

import pytest
from ledger_samples import DIGEST, IDS, OWNER, SEND, claim, claims, record, settle
from ledgers import Store
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
)
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Settlement
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State


def test_a_planned_message_is_claimed_once(running: Ledger) -> None:
    assert claim(running, IDS[0]) == {IDS[0]: 1}
    assert claim(running, IDS[0], IDS[1]) == {IDS[1]: 1}


def test_what_was_never_planned_can_not_be_claimed(running: Ledger) -> None:
    assert claim(running, b"x" * 16) == {}


@pytest.mark.parametrize("to", [State.ACCEPTED, State.REFUSED, State.IN_DOUBT])
def test_a_settled_message_is_never_claimed_again(running: Ledger, to: State) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, to)
    assert claim(running, IDS[0]) == {}
    assert running.facts([IDS[0]]) == {IDS[0]: Fact(to, DIGEST)}


def test_a_released_message_is_claimed_as_the_next_attempt(running: Ledger) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, State.PLANNED)
    assert claim(running, IDS[0]) == {IDS[0]: 2}


@pytest.mark.parametrize("attempt", [0, 2])
def test_the_outcome_of_another_attempt_is_not_taken(running: Ledger, attempt: int) -> None:
    claim(running, IDS[0])
    with pytest.raises(LedgerTrouble, match="somebody else moved"):
        settle(running, IDS[0], attempt, State.ACCEPTED)
    assert running.facts([IDS[0]])[IDS[0]].state is State.SENDING


def test_a_settlement_that_is_lost_takes_the_whole_exchange_with_it(running: Ledger) -> None:
    claim(running, IDS[0], IDS[1])
    with pytest.raises(LedgerTrouble):
        running.exchange(
            settle=[Settlement(IDS[0], 1, State.ACCEPTED, "a"), Settlement(IDS[1], 9, State.ACCEPTED, "b")],
            claim=claims([IDS[2]]),
            now=5.0,
        )
    assert {fact.state for fact in running.facts(IDS[:2]).values()} == {State.SENDING}
    assert running.facts([IDS[2]])[IDS[2]].state is State.PLANNED


def test_what_a_dead_run_was_sending_is_in_doubt_when_the_next_one_begins(store: Store) -> None:
    with store.hold() as dead:
        dead.begin(OWNER, now=2.0)
        dead.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
        claim(dead, IDS[0], IDS[1])
    with store.hold() as ledger:
        assert ledger.begin(OWNER, now=9.0).recovered == 2
        assert {fact.state for fact in ledger.facts(IDS[:2]).values()} == {State.IN_DOUBT}
        assert claim(ledger, IDS[0]) == {}
        assert ledger.odd_moves() == []


def test_a_message_on_its_way_is_uncertain_until_it_is_settled(running: Ledger) -> None:
    claim(running, IDS[0])
    assert running.count_uncertain("hello") == 1
    settle(running, IDS[0], 1, State.ACCEPTED)
    assert running.count_uncertain("hello") == 0


def test_a_result_handed_in_twice_is_written_once(store: Store) -> None:
    result = Settlement(IDS[0], 1, State.ACCEPTED, "id-1", "why", 202)
    with store.hold() as ledger:
        ledger.begin(OWNER, now=2.0)
        ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
        claim(ledger, IDS[0], IDS[1])
        ledger.exchange(settle=[result], claim=[], now=4.0)
        ledger.spill([result, Settlement(IDS[1], 1, State.REFUSED, None, "no", 422)])
    for imported in (1, 0):
        with store.hold() as ledger:
            before = ledger.moves
            assert ledger.begin(OWNER, now=9.0).recovered == 0
            assert ledger.moves - before == imported
            states = {identity: fact.state for identity, fact in ledger.facts(IDS[:2]).items()}
            assert states == {IDS[0]: State.ACCEPTED, IDS[1]: State.REFUSED}


def test_a_run_owns_its_ledger_while_it_holds_it(running: Ledger) -> None:
    assert running.still_mine()
