"""A claim names its text: what goes out is what was planned, whatever else has been planned meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sendspec.ledger.record import Claim, Lost, PlannedRecord, RunOwner, SpecIdentity
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.planning.message_state import State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
SEND = SpecIdentity("hello", 1, "hello.yaml")
ONE, TWO, THREE = (bytes([n]) * 16 for n in range(3))
TEXT, OTHER_TEXT = b"d" * 24, b"e" * 24


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    create_ledger(tmp_path / "test.db", "one", now=1.0)
    opened = open_to_write(tmp_path / "test.db", "one")
    opened.begin(OWNER, now=2.0)
    yield opened
    opened.close()


def plan(ledger: SqliteLedger, *records: tuple[bytes, bytes, str | None]) -> None:
    ledger.put_planned(
        SEND,
        [
            PlannedRecord(identity, digest, reference, b"r" * 16, "+31••••••78")
            for identity, digest, reference in records
        ],
        b"p" * 32,
        now=2.0,
    )


def test_another_text_than_the_planned_one_is_not_claimed(ledger: SqliteLedger) -> None:
    plan(ledger, (ONE, TEXT, None), (TWO, TEXT, None))
    exchanged = ledger.exchange(settle=[], claim=[Claim(ONE, OTHER_TEXT, None), Claim(TWO, TEXT, None)], now=3.0)
    assert exchanged.won == {TWO: 1}
    assert exchanged.lost == {ONE: Lost.ON_HOLD}
    assert ledger.facts([ONE])[ONE].state is State.PLANNED


def test_another_reference_than_the_planned_one_is_not_claimed(ledger: SqliteLedger) -> None:
    plan(ledger, (ONE, TEXT, "order-1"), (TWO, TEXT, None))
    claims = [Claim(ONE, TEXT, None), Claim(TWO, TEXT, "order-2")]
    assert ledger.exchange(settle=[], claim=claims, now=3.0).lost == {ONE: Lost.ON_HOLD, TWO: Lost.ON_HOLD}
    assert ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, "order-1")], now=3.0).won == {ONE: 1}


def test_what_another_run_has_is_taken_elsewhere_whatever_its_text(ledger: SqliteLedger) -> None:
    plan(ledger, (ONE, TEXT, None))
    ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, None)], now=3.0)
    claims = [Claim(ONE, OTHER_TEXT, None), Claim(THREE, TEXT, None)]
    assert ledger.exchange(settle=[], claim=claims, now=3.0).lost == {
        ONE: Lost.TAKEN_ELSEWHERE,
        THREE: Lost.TAKEN_ELSEWHERE,
    }


def test_after_the_first_claim_a_plan_with_another_text_changes_nothing_that_is_planned(ledger: SqliteLedger) -> None:
    plan(ledger, (ONE, TEXT, None), (TWO, TEXT, None))
    ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, None)], now=3.0)
    plan(ledger, (TWO, OTHER_TEXT, None))
    assert ledger.exchange(settle=[], claim=[Claim(TWO, OTHER_TEXT, None)], now=3.0).lost == {TWO: Lost.ON_HOLD}
    assert ledger.exchange(settle=[], claim=[Claim(TWO, TEXT, None)], now=3.0).won == {TWO: 1}


def test_the_first_claim_is_noted_by_the_apis_clock_and_never_moved(ledger: SqliteLedger) -> None:
    def first(identity: bytes) -> int | None:
        return ledger._rows("SELECT first_claimed_at FROM message WHERE id = ?", (identity,))[0][0]  # type: ignore[no-any-return]

    from sendspec.ledger.record import Settlement

    plan(ledger, (ONE, TEXT, None), (TWO, TEXT, None))
    ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, None)], now=1_000.0)
    ledger.exchange(settle=[Settlement(ONE, 1, State.PLANNED)], claim=[], now=1_001.0)
    ledger.note_clock(-200.0)
    ledger.exchange(settle=[], claim=[Claim(ONE, TEXT, None), Claim(TWO, TEXT, None)], now=2_000.0)
    assert first(ONE) is None  # the clock was not known when it was first claimed
    assert first(TWO) == 1_800
    ledger.exchange(settle=[Settlement(TWO, 1, State.PLANNED)], claim=[], now=2_001.0)
    ledger.exchange(settle=[], claim=[Claim(TWO, TEXT, None)], now=9_000.0)
    assert first(TWO) == 1_800
    assert ledger.damages() == []
    assert ledger.sends("hello")[0].claimed_at == 8_800.0
