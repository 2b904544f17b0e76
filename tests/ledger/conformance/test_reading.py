"""A ledger opened to read tells everything, changes nothing, and has no method that could."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from ledger_samples import OWNER, claims
from ledgers import Store
from sendspec.ledger.protocol import Claims, Facts, Ledger
from sendspec.ledger.record import PlannedRecord, SendIdentity, Settlement
from sendspec.planning.message_state import State

WRITING = sorted(
    name
    for protocol in (Claims, Ledger)
    for name, value in vars(protocol).items()
    if callable(value) and not name.startswith("_") and not hasattr(Facts, name)
)
"""Every method of a held ledger that a reader must not have."""


def test_the_protocols_tell_reading_from_writing() -> None:
    assert {"begin", "exchange", "move", "put_planned", "purge", "spill"} <= set(WRITING)


@pytest.mark.parametrize("name", WRITING)
def test_a_ledger_opened_to_read_has_no_method_that_writes(store: Store, name: str) -> None:
    with store.read() as facts:
        assert not hasattr(facts, name)


def test_while_a_run_goes_on_its_ledger_can_be_read(store: Store) -> None:
    identity = b"1" * 16
    with store.hold() as ledger, store.read() as facts:
        ledger.begin(OWNER, now=2.0)
        record = PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+31••••••78")
        ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), [record], b"p" * 32, now=2.0)
        ledger.exchange(settle=[], claim=claims([identity]), now=3.0)
        assert facts.states("hello", 1) == {State.SENDING: 1}
        assert facts.id == ledger.id
        assert facts.lost_writes() is None


def test_rows_that_nobody_reads_to_the_end_outlive_their_ledger_silently(store: Store) -> None:
    """As at an interruption: the ledger is closed first, and what is left of its rows when memory is freed."""
    with store.hold() as ledger:
        ledger.begin(OWNER, now=2.0)
        records = [PlannedRecord(bytes([n]) * 16, b"d" * 24, None, b"r" * 16, "+31••••••78") for n in range(9)]
        ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0)
    with store.read() as facts:
        rows = facts.messages((State.PLANNED,))
        assert next(rows).name == "hello"
    assert isinstance(rows, Generator)
    rows.close()


def test_counts_of_one_moment_may_be_asked_for_by_a_reader_and_by_a_run(store: Store) -> None:
    with store.hold() as ledger, store.read() as facts:
        ledger.begin(OWNER, now=2.0)
        record = PlannedRecord(b"1" * 16, b"d" * 24, None, b"r" * 16, "+31••••••78")
        ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), [record], b"p" * 32, now=2.0)
        for each in (ledger, facts):
            with each.one_moment():
                assert each.states("hello", 1) == {State.PLANNED: 1}


def test_what_nobody_sends_is_not_under_way(store: Store) -> None:
    with store.read() as facts:
        assert (facts.under_way("hello", 1), facts.runs_at_work(), facts.runs_at_work("hello")) == (None, [], [])


def test_before_its_first_run_a_ledger_knows_of_no_send(store: Store) -> None:
    with store.read() as facts:
        assert facts.sends() == []


def test_room_for_results_is_made_before_they_come(store: Store) -> None:
    with store.hold() as ledger:
        ledger.begin(OWNER, now=2.0)
        ledger.make_room(1_000)
        ledger.spill([Settlement(b"1" * 16, 1, State.ACCEPTED, "id-1")])
