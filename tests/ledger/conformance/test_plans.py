"""A plan is written whole or not at all, and overwrites nothing that was claimed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ledger_samples import DIGEST, IDS, SEND, claim, record, settle
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import PlannedRecord
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State


def test_a_new_payload_replaces_the_planned_one_until_something_was_claimed(running: Ledger) -> None:
    assert not running.claimed_before("hello", 1)
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=3.0)
    assert running.facts([IDS[0]])[IDS[0]].digest == b"n" * 24
    claim(running, IDS[1])
    assert running.claimed_before("hello", 1)
    running.put_planned(SEND, [record(IDS[0], b"o" * 24)], b"p" * 32, now=3.0)
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
