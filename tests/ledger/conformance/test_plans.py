"""A plan is written whole or not at all, and overwrites nothing that was claimed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ledger_samples import DIGEST, IDS, SEND, claim, claims, record, settle
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, ClaimLost, PlannedRecord
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import MOVE_BY_NAME, State


def test_a_new_payload_replaces_the_planned_one_until_something_was_claimed(running: Ledger) -> None:
    assert not running.claimed_before("hello", 1)
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=3.0)
    assert running.facts([IDS[0]])[IDS[0]].digest == b"n" * 24
    claim(running, IDS[1])
    assert running.claimed_before("hello", 1)
    running.put_planned(SEND, [record(IDS[0], b"o" * 24)], b"p" * 32, now=3.0)
    assert running.facts([IDS[0]])[IDS[0]].digest == b"n" * 24


def test_a_send_that_continues_takes_the_new_payload_of_what_is_still_planned(running: Ledger) -> None:
    claim(running, IDS[1])
    new = PlannedRecord(IDS[0], b"n" * 24, "own-2", b"R" * 16, "+31••••••99", line=7, size=5, scheduled_for=9)
    running.put_planned(SEND, [new, record(IDS[2])], b"p" * 32, now=3.0, continues=True)
    assert running.facts([IDS[0]])[IDS[0]] == Fact(State.PLANNED, b"n" * 24)
    found = next(message for message in running.messages([State.PLANNED]) if message.id == IDS[0])
    assert (found.reference, found.masked, found.line, found.size) == ("own-2", "+31••••••99", 7, 5)
    assert running.facts([IDS[2]])[IDS[2]].digest == DIGEST
    assert running.find_damage() == []


def test_after_it_continued_only_a_claim_of_the_new_payload_is_won(running: Ledger) -> None:
    claim(running, IDS[1])
    new = record(IDS[0], b"n" * 24)._replace(reference="own-2")
    running.put_planned(SEND, [new], b"p" * 32, now=3.0, continues=True)
    for digest, reference in ((DIGEST, None), (b"n" * 24, None), (DIGEST, "own-2")):
        lost = running.exchange(settle=[], claim=claims([IDS[0]], digest, reference), now=4.0).lost
        assert lost == {IDS[0]: ClaimLost.ON_HOLD}
    assert running.exchange(settle=[], claim=claims([IDS[0]], b"n" * 24, "own-2"), now=4.0).won == {IDS[0]: 1}


def test_what_was_released_after_a_claim_continues_too_and_its_attempts_go_on(running: Ledger) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, State.PLANNED)
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=5.0, continues=True)
    assert running.exchange(settle=[], claim=claims([IDS[0]], b"n" * 24), now=6.0).won == {IDS[0]: 2}
    assert running.find_damage() == []


def test_continuing_frees_nothing_but_what_is_planned(running: Ledger) -> None:
    for identity, to in zip(IDS, (State.ACCEPTED, State.REFUSED, State.IN_DOUBT), strict=False):
        claim(running, identity)
        settle(running, identity, 1, to)
    claim(running, IDS[3])
    dropped = Change(id=IDS[4], attempt=0, to=State.SKIPPED, reason="called off")
    running.move(MOVE_BY_NAME["drop"], [dropped], now=5.0)
    before = running.facts(IDS[:5])
    running.put_planned(SEND, [record(each, b"n" * 24) for each in IDS[:5]], b"p" * 32, now=6.0, continues=True)
    assert running.facts(IDS[:5]) == before
    assert {fact.digest for fact in before.values()} == {DIGEST}
    assert running.find_damage() == []


def test_a_send_that_continues_takes_all_new_payloads_or_none(running: Ledger) -> None:
    claim(running, IDS[1])

    def breaking() -> Iterator[PlannedRecord]:
        yield record(IDS[0], b"n" * 24)
        raise RuntimeError("the rows end badly")

    with pytest.raises(RuntimeError):
        running.put_planned(SEND, breaking(), b"q" * 32, now=3.0, continues=True)
    assert running.facts([IDS[0]])[IDS[0]].digest == DIGEST


def test_a_send_that_continues_once_is_on_hold_again_after_the_next_change(running: Ledger) -> None:
    claim(running, IDS[1])
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=3.0, continues=True)
    running.put_planned(SEND, [record(IDS[0], b"o" * 24)], b"p" * 32, now=4.0)
    assert running.facts([IDS[0]])[IDS[0]].digest == b"n" * 24


def test_planning_again_touches_nothing_that_was_settled(running: Ledger) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, State.REFUSED)
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=5.0)
    assert running.facts([IDS[0]]) == {IDS[0]: Fact(State.REFUSED, DIGEST)}


def test_a_plan_is_written_whole_or_not_at_all(running: Ledger) -> None:
    def breaking() -> Iterator[PlannedRecord]:
        yield from (record(os.urandom(16)) for _ in range(100))
        raise RuntimeError("the rows end badly")

    with pytest.raises(RuntimeError):
        running.put_planned(SEND, breaking(), b"q" * 32, now=3.0)
    assert sum(running.states("hello", 1).values()) == len(IDS)
