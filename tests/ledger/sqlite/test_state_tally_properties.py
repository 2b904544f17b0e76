"""Counts of messages by state, from the notes of the last run and what came after it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_samples import OWNER, claims
from sendspec.ledger.record import Change, PlannedRecord, SendIdentity, Settlement
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.reader import SqliteReader
from sendspec.planning.message_state import MOVE_BY_NAME, State

SENDS = [SendIdentity(name, generation, "a.yaml") for name, generation in (("a", 1), ("a", 2), ("b", 1))]
SETTLED = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED)
UNCERTAIN = (State.SENDING, State.IN_DOUBT)


class Recorder:
    """A ledger under random runs. Every step succeeds; a step with nothing to do does nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        create_ledger(path, "one", now=1.0)
        self._next = 1
        self.ledger = self._begun()

    def _begun(self) -> SqliteLedger:
        ledger = open_to_write(self._path, "one", trusts_seal=True)
        self.run = ledger.begin(OWNER, now=2.0).run
        return ledger

    def _in(self, *states: State) -> list[tuple[bytes, int]]:
        return [(each.id, each.attempt) for each in self.ledger.messages(states)]

    def plan(self, number: int, *, baselined: bool = False) -> None:
        ids = [(self._next + n).to_bytes(16, "big") for n in range(number % 4)]
        self._next += number % 3  # the next plan has some of the same messages
        send = SENDS[number % 3]
        known = {
            each.id for each in self.ledger.messages() if (each.name, each.generation) != (send.name, send.generation)
        }
        references = [None, "own"]
        records = [
            PlannedRecord(i, bytes([number % 2]) * 24, references[number % 2], bytes(16), "+31")
            for i in ids
            if i not in known
        ]
        if baselined:
            self.ledger.put_baselined(send, records, now=3.0)
        else:
            self.ledger.put_planned(send, records, b"p" * 32, now=3.0, continues=True)

    def baseline(self, number: int) -> None:
        self.plan(number, baselined=True)

    def claim(self, number: int) -> None:
        ids = [identity for identity, _ in self._in(State.PLANNED)][: number % 5]
        for digest, reference in ((bytes([0]) * 24, None), (bytes([1]) * 24, "own")):
            self.ledger.exchange(settle=[], claim=claims(ids, digest, reference), now=4.0)

    def settle(self, number: int) -> None:
        to = SETTLED[number % 4]
        self.ledger.exchange(settle=[Settlement(i, a, to) for i, a in self._in(State.SENDING)[:3]], claim=[], now=5.0)

    def move(self, number: int) -> None:
        name, origin, to = [
            ("retry", State.REFUSED, State.PLANNED),
            ("resolve", State.IN_DOUBT, State.SKIPPED),
            ("drop", State.PLANNED, State.SKIPPED),
        ][number % 3]
        changes = [Change(id=i, attempt=a, to=to, reason="why") for i, a in self._in(origin)[: number % 4]]
        self.ledger.move(MOVE_BY_NAME[name], changes, now=6.0)

    def purge(self, number: int) -> None:
        self.ledger.purge(before=1e9)

    def end(self, number: int) -> None:
        """The run ends; the next one begins in the same process, or in another."""
        self.ledger.end(now=7.0, ending="finished", requests=0)
        if number % 2:
            self.ledger.close()
            self.ledger = self._begun()
        else:
            self.run = self.ledger.begin(OWNER, now=2.0).run

    def die(self, number: int) -> None:
        self.ledger.abandon()
        self.ledger = self._begun()


STEPS: list[Callable[[Recorder, int], None]] = [
    *(Recorder.plan, Recorder.plan, Recorder.claim, Recorder.claim, Recorder.settle, Recorder.settle),
    *(Recorder.move, Recorder.baseline, Recorder.purge, Recorder.end, Recorder.end, Recorder.die),
]


def assert_counts(ledger: SqliteReader, path: Path, runs: range) -> None:
    """That the ledger's counts are those of its messages, which are read one by one."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT s.name, s.generation, m.state, m.run, m.id, m.attempt, m.reference FROM message m JOIN spec s ON s.number = m.spec"
    ).fetchall()
    connection.close()
    for send in SENDS:
        name, generation = named = send.name, send.generation
        own = [row for row in rows if row[:2] == named]
        assert ledger.states(name, generation) == Counter(State(row[2]) for row in own)
        for run in runs:
            assert ledger.states_of_run(run, name, generation) == Counter(State(row[2]) for row in own if row[3] == run)
        planned = {row[4] for row in own if row[2] == "planned"}
        with_reference = {row[4] for row in own if row[4] in planned and row[6] is not None}
        assert sorted(each.id for each in ledger.planned_under([], {"own"}, [named])) == sorted(with_reference)
        under_name = [row for row in rows if row[0] == name]
        assert ledger.planned_counts(name) == Counter(row[1] for row in under_name if row[2] == "planned")
        assert ledger.count_uncertain(name) == sum(row[2] in UNCERTAIN for row in under_name)
        assert set(ledger.planned_of(name)) == {(row[4], row[1], row[5]) for row in under_name if row[2] == "planned"}
        assert sum(each.messages for each in ledger.sends(name)) == len(under_name)


RETRIED = [
    *((Recorder.plan, 7), (Recorder.claim, 4), (Recorder.settle, 1), (Recorder.end, 0)),
    *((Recorder.move, 3), (Recorder.claim, 2), (Recorder.die, 0), (Recorder.claim, 1), (Recorder.settle, 0)),
]
"""Messages of an earlier run that are retried, by a run that dies and by the next."""
LEFT = [
    *((Recorder.plan, 7), (Recorder.plan, 11), (Recorder.claim, 2), (Recorder.settle, 1), (Recorder.end, 0)),
    *((Recorder.move, 5), (Recorder.plan, 6), (Recorder.plan, 10), (Recorder.end, 1), (Recorder.baseline, 9)),
]
"""Messages that a run left planned, beside new ones."""


@example(RETRIED)
@example(LEFT)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 59)), max_size=25))
@settings(max_examples=30, deadline=None)
def test_what_is_counted_from_notes_is_what_is_there(steps: list[tuple[Callable[[Recorder, int], None], int]]) -> None:
    """After any moves, plans, ends and deaths of runs, the counts are those of the messages, for the owner and for a reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.db"
        recorder = Recorder(path)
        reader = open_to_read(path, "one")
        try:
            for step, number in steps:
                step(recorder, number)
                assert_counts(recorder.ledger, path, range(max(1, recorder.run - 2), recorder.run + 1))
                assert_counts(reader, path, range(max(1, recorder.run - 2), recorder.run + 1))
            assert reader.find_damage() == []
        finally:
            reader.close()
            recorder.ledger.close()
