"""Moves outside of attempts, and purging: only as the table of moves says, all or none."""

from __future__ import annotations

import pytest
from ledger_samples import OWNER, SEND, claims
from ledgers import Store
from sendspec.diagnostics.exceptions import MessagesMoved
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, PlannedRecord, Route, Settlement
from sendspec.planning.message_state import MOVE_BY_NAME, State

IDS = [bytes([n]) * 16 for n in range(4)]


def record(identity: bytes) -> PlannedRecord:
    return PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+31••••••78")


@pytest.fixture
def ledger(unbegun: Ledger) -> Ledger:
    """A run begun, with four messages planned."""
    unbegun.begin(OWNER, now=2.0)
    unbegun.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0, route=Route("workspace", "channel"))
    return unbegun


def states(store: Store) -> dict[State, int]:
    """What a reader finds in the ledger meanwhile."""
    with store.read() as facts:
        return facts.states("hello", 1)


@pytest.mark.parametrize("to", [State.SKIPPED, State.SENDING])
def test_an_attempt_does_not_end_in_a_state_that_nothing_leads_to(ledger: Ledger, store: Store, to: State) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    with pytest.raises(AssertionError):
        ledger.exchange(settle=[Settlement(IDS[0], 1, to)], claim=claims(IDS[1:]), now=4.0)
    assert states(store) == {State.PLANNED: 3, State.SENDING: 1}
    ledger.exchange(settle=[Settlement(IDS[0], 1, State.ACCEPTED, "id")], claim=claims(IDS[1:]), now=4.0)
    assert states(store) == {State.ACCEPTED: 1, State.SENDING: 3}


@pytest.mark.parametrize(
    ("name", "to", "reason"),
    [
        ("release", State.PLANNED, "only an attempt's own end releases"),
        ("find", State.PLANNED, "the API lists it"),
        ("resolve", State.ACCEPTED, ""),
    ],
)
def test_a_message_is_moved_only_as_the_table_of_moves_says_and_with_a_reason(
    ledger: Ledger, store: Store, name: str, to: State, reason: str
) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    if name != "release":
        ledger.exchange(settle=[Settlement(IDS[0], 1, State.IN_DOUBT)], claim=[], now=4.0)
    before = states(store)
    with pytest.raises(AssertionError):
        ledger.move(MOVE_BY_NAME[name], [Change(id=IDS[0], attempt=1, to=to, reason=reason)], now=5.0)
    assert states(store) == before


def test_of_moves_decided_together_none_is_made_when_one_comes_too_late(ledger: Ledger, store: Store) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:2]), now=3.0)
    ledger.exchange(settle=[Settlement(one, 1, State.IN_DOUBT) for one in IDS[:2]], claim=[], now=4.0)
    found = [Change(id=one, attempt=1, to=State.ACCEPTED, reason="listed", remote_id="id") for one in IDS[:2]]
    ledger.move(MOVE_BY_NAME["find"], found[:1], now=5.0)
    with pytest.raises(MessagesMoved, match="somebody else moved 1 message of this run"):
        ledger.move(MOVE_BY_NAME["find"], found[::-1], now=6.0)
    assert states(store) == {State.PLANNED: 2, State.ACCEPTED: 1, State.IN_DOUBT: 1}
    ledger.move(MOVE_BY_NAME["find"], [], now=7.0)
    assert ledger.odd_moves() == []


def test_when_a_message_was_first_missed_is_kept_for_that_attempt(ledger: Ledger) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    ledger.exchange(settle=[Settlement(IDS[0], 1, State.IN_DOUBT)], claim=[], now=4.0)
    assert [doubt.missed_at for doubt in ledger.doubts()] == [None]
    ledger.note_absent([(IDS[0], 1)], now=10.0)
    ledger.note_absent([(IDS[0], 1)], now=20.0)
    assert [doubt.missed_at for doubt in ledger.doubts()] == [10.0]
    again = Change(id=IDS[0], attempt=1, to=State.PLANNED, reason="a person")
    ledger.move(MOVE_BY_NAME["resolve"], [again], now=30.0)
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=31.0)
    ledger.exchange(settle=[Settlement(IDS[0], 2, State.IN_DOUBT)], claim=[], now=32.0)
    assert [(doubt.attempt, doubt.missed_at) for doubt in ledger.doubts()] == [(2, None)]
    ledger.note_absent([(IDS[0], 2)], now=40.0)
    assert [doubt.missed_at for doubt in ledger.doubts()] == [40.0]


def test_half_a_character_of_the_apis_is_kept_as_text(ledger: Ledger) -> None:
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=3.0)
    ledger.exchange(
        settle=[Settlement(IDS[0], 1, State.REFUSED, None, "no \ud83d" + "x" * 2_000, 422)], claim=[], now=4.0
    )
    (found,) = ledger.messages((State.REFUSED,))
    assert found.evidence is not None
    assert found.evidence.startswith("no \\ud83dxxx")
    assert len(found.evidence) < 1_010
    assert ledger.find_damage() == []
