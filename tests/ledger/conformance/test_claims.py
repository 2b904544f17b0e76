"""A claim names its text: what goes out is what was planned, whatever else has been planned meanwhile."""

from __future__ import annotations

import pytest
from ledger_samples import OWNER, SEND
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Claim, ClaimLost, PlannedRecord
from sendspec.planning.message_state import State

ONE, TWO, THREE = (bytes([n]) * 16 for n in range(3))
TEXT, OTHER_TEXT = b"d" * 24, b"e" * 24


@pytest.fixture
def ledger(unbegun: Ledger) -> Ledger:
    unbegun.begin(OWNER, now=2.0)
    return unbegun


def plan(ledger: Ledger, *records: tuple[bytes, bytes, str | None]) -> None:
    ledger.put_planned(
        SEND,
        [
            PlannedRecord(identity, digest, reference, b"r" * 16, "+31••••••78")
            for identity, digest, reference in records
        ],
        b"p" * 32,
        now=2.0,
    )


def test_another_text_than_the_planned_one_is_not_claimed(ledger: Ledger) -> None:
    plan(ledger, (ONE, TEXT, None), (TWO, TEXT, None))
    exchanged = ledger.exchange(settle=[], claim=[Claim(ONE, OTHER_TEXT, None), Claim(TWO, TEXT, None)], now=3.0)
    assert exchanged.won == {TWO: 1}
    assert exchanged.lost == {ONE: ClaimLost.ON_HOLD}
    assert ledger.facts([ONE])[ONE].state is State.PLANNED


def test_another_reference_than_the_planned_one_is_not_claimed(ledger: Ledger) -> None:
    plan(ledger, (ONE, TEXT, "order-1"), (TWO, TEXT, None))
    claims = [Claim(ONE, TEXT, None), Claim(TWO, TEXT, "order-2")]
    assert ledger.exchange(settle=[], claim=claims, now=3.0).lost == {ONE: ClaimLost.ON_HOLD, TWO: ClaimLost.ON_HOLD}
    assert ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, "order-1")], now=3.0).won == {ONE: 1}


def test_what_another_run_has_is_taken_elsewhere_whatever_its_text(ledger: Ledger) -> None:
    plan(ledger, (ONE, TEXT, None))
    ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, None)], now=3.0)
    claims = [Claim(ONE, OTHER_TEXT, None), Claim(THREE, TEXT, None)]
    assert ledger.exchange(settle=[], claim=claims, now=3.0).lost == {
        ONE: ClaimLost.TAKEN_ELSEWHERE,
        THREE: ClaimLost.TAKEN_ELSEWHERE,
    }


def test_after_the_first_claim_a_plan_with_another_text_changes_nothing_that_is_planned(ledger: Ledger) -> None:
    plan(ledger, (ONE, TEXT, None), (TWO, TEXT, None))
    ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, None)], now=3.0)
    plan(ledger, (TWO, OTHER_TEXT, None))
    assert ledger.exchange(settle=[], claim=[Claim(TWO, OTHER_TEXT, None)], now=3.0).lost == {TWO: ClaimLost.ON_HOLD}
    assert ledger.exchange(settle=[], claim=[Claim(TWO, TEXT, None)], now=3.0).won == {TWO: 1}
