"""Sends in a ledger of an earlier version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import OWNER, claims
from sendspec.ledger.record import PlannedRecord, Route, SendIdentity, Settlement
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.planning.message_state import State

HELLO, BYE, OLD = (SendIdentity(name, 1, f"{name}.yaml") for name in ("hello", "bye", "old"))
HERE, THERE = Route("w", "c"), Route("w", "d")


def record(n: int, reference: str | None = None) -> PlannedRecord:
    return PlannedRecord(bytes([n]) * 16, bytes([n]) * 24, reference, bytes([100 + n]) * 16, "+31••••••78")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    """Two messages of hello, of which one was accepted; one of bye on another channel; one of old, baselined."""
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=10.0)
    ledger.put_planned(HELLO, [record(1, "a"), record(2)], b"p", now=10.0, route=HERE)
    ledger.put_planned(BYE, [record(3, "b")], b"p", now=10.0, route=THERE)
    ledger.put_baselined(OLD, [record(4)], now=10.0)
    ledger.exchange(settle=[], claim=claims([bytes([1]) * 16], bytes([1]) * 24, "a"), now=20.0)
    ledger.exchange(settle=[Settlement(bytes([1]) * 16, 1, State.ACCEPTED)], claim=[], now=20.0)
    yield ledger
    ledger.close()


def test_a_channel_knows_its_specs_and_those_whose_channel_was_not_noted(ledger: SqliteLedger) -> None:
    assert ledger.specs_sent_through(HERE) == {"hello", "old"}
    assert ledger.specs_sent_through(THERE) == {"bye", "old"}
    ledger.version = 1
    assert ledger.specs_sent_through(HERE) == {"hello", "bye", "old"}
