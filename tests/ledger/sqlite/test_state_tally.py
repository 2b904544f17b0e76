"""Counts of messages where a transaction fails, and in a ledger that another process writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.record import PlannedRecord
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read
from sendspec.ledger.sqlite.plan_writer import BLOCK
from sendspec.planning.message_state import State


def test_what_was_counted_in_a_plan_that_failed_is_forgotten(running: SqliteLedger) -> None:
    running.end(now=3.0, ending="finished", requests=0)

    def records() -> Iterator[PlannedRecord]:
        for number in range(BLOCK + 1):
            yield record((1_000 + number).to_bytes(16, "big"))
        assert running.states("hello", 1) == {State.PLANNED: len(IDS) + BLOCK}
        raise ValueError("cut")

    running.begin(OWNER, now=4.0)
    with pytest.raises(ValueError, match="cut"):
        running.put_planned(SEND, records(), b"p" * 32, now=4.0)
    assert running.states("hello", 1) == {State.PLANNED: len(IDS)}
    claim(running, IDS[0])
    assert running.planned_counts("hello") == {1: len(IDS) - 1}
    assert [send.messages for send in running.sends()] == [len(IDS)]


def test_a_reader_follows_runs_that_end(running: SqliteLedger, path: Path) -> None:
    reader = open_to_read(path, "one")
    for number, identity in enumerate(IDS[:4], 1):
        claim(running, identity)
        expected = {State.PLANNED: len(IDS) - number, State.SENDING: number}
        assert reader.states("hello", 1) == expected
        running.end(now=3.0, ending="finished", requests=0)
        assert reader.states("hello", 1) == expected
        with reader.one_moment():
            assert reader.count_uncertain("hello") == number
            claim(running, IDS[number])
            assert reader.count_uncertain("hello") == number
        running.exchange(settle=[], claim=[], now=3.0)
        assert reader.count_uncertain("hello") == number + 1
    reader.close()


NOTES = {
    "gone": "DELETE FROM meta WHERE name = 'tally-1'",
    "an earlier one": "UPDATE meta SET value = ? WHERE name = 'tally-1'",
}


@pytest.mark.parametrize("what", NOTES)
def test_a_reader_refuses_counts_that_do_not_add_up_to_the_messages(
    running: SqliteLedger, path: Path, what: str
) -> None:
    running.end(now=3.0, ending="finished", requests=0)
    earlier = running._connection.execute("SELECT value FROM meta WHERE name = 'tally-1'").fetchall()
    running.begin(OWNER, now=4.0)
    running.put_planned(SEND, [record(b"n" * 16)], b"p" * 32, now=4.0)
    running.end(now=5.0, ending="finished", requests=0)
    with closing(open_to_read(path, "one")) as reader:
        assert reader.states("hello", 1) == {State.PLANNED: len(IDS) + 1}
        running._connection.execute(NOTES[what], earlier[0][: NOTES[what].count("?")])
        for counted in (
            lambda: reader.states("hello", 1),
            lambda: reader.planned_counts("hello"),
            lambda: reader.count_uncertain("hello"),
        ):
            with pytest.raises(LedgerDamaged, match="its counts of messages by state are not those of its messages"):
                counted()


def test_lost_moves_are_told_in_one_sentence(running: SqliteLedger, path: Path) -> None:
    claim(running, IDS[0])
    running.end(now=3.0, ending="finished", requests=0)
    running._connection.execute("DELETE FROM event WHERE number = (SELECT max(number) FROM event)")
    running.close()
    with closing(open_to_read(path, "one")) as reader:
        assert reader.find_damage() == ["it counts messages or moves that it does not have"]
