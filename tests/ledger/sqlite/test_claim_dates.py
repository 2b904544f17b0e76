"""When messages and sends were claimed, by the clock of the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import OWNER, SEND
from sendspec.ledger.record import Claim, PlannedRecord
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.planning.message_state import State

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
    assert ledger.find_damage() == []
    assert ledger.sends("hello")[0].last_claimed_at == 8_800.0
