"""Purging removes personal data of settled messages only."""

from __future__ import annotations

import pytest
from ledger_samples import DIGEST, OWNER, claims
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import PlannedRecord, Route, SendIdentity, Settlement
from sendspec.planning.message_state import State

IDS = [bytes([n]) * 16 for n in range(4)]
ROUTE = Route("workspace", "channel")


@pytest.fixture
def running(unbegun: Ledger) -> Ledger:
    """A ledger with a run begun and every message claimed."""
    ledger = unbegun
    ledger.begin(OWNER, now=2.0)
    records = [PlannedRecord(identity, DIGEST, None, b"r" * 16, "+31••••••78") for identity in IDS]
    ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0, route=ROUTE)
    ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    return ledger


def test_purging_touches_settled_messages_of_that_age_only(running: Ledger) -> None:
    ledger = running
    ledger.exchange(settle=[Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)], claim=[], now=100.0)
    ledger.exchange(settle=[Settlement(IDS[1], 1, State.REFUSED, None, "422 no", 422)], claim=[], now=200.0)
    ledger.exchange(settle=[Settlement(IDS[2], 1, State.IN_DOUBT, None, "lost")], claim=[], now=100.0)
    assert ledger.purge(before=150.0) == 1
    found = {message.id: message for message in ledger.messages()}
    assert (found[IDS[0]].masked, found[IDS[0]].remote_id) == ("", "id-0")
    assert (found[IDS[1]].masked, found[IDS[1]].evidence) == ("+31••••••78", "422 no")
    assert found[IDS[2]].masked == "+31••••••78"
    assert ledger.purge(before=150.0) == 0
    assert ledger.find_damage() == []
