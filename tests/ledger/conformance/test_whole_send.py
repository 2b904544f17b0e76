"""One send as a whole: its messages by size and evidence, and its recorded moves."""

from __future__ import annotations

import pytest
from ledger_samples import OWNER, claims
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, PlannedRecord, SendIdentity, Settlement
from sendspec.ledger.send_record import EvidenceCount, EvidenceCounts, MeasuredMessage, SizeCount
from sendspec.planning.message_state import MOVE_BY_NAME, State

HELLO, BYE = (SendIdentity(name, 1, f"{name}.yaml") for name in ("hello", "bye"))
SIZES = {1: 2, 2: 3, 3: 2, 4: None, 5: 4, 6: 2}


def id_of(number: int) -> bytes:
    return bytes([number]) * 16


def plan(ledger: Ledger, send: SendIdentity, *numbers: int) -> None:
    records = [
        PlannedRecord(id_of(n), bytes([n]) * 24, None, bytes([100 + n]) * 16, "+31••78", n, SIZES.get(n))
        for n in numbers
    ]
    ledger.put_planned(send, records, b"p" * 32, now=2.0)


def claim(ledger: Ledger, at: float, *numbers: int) -> None:
    for n in numbers:
        ledger.exchange(settle=[], claim=claims([id_of(n)], bytes([n]) * 24), now=at)


def settle(ledger: Ledger, at: float, number: int, to: State, evidence: str | None = None, attempt: int = 1) -> None:
    ledger.exchange(settle=[Settlement(id_of(number), attempt, to, None, evidence)], claim=[], now=at)


@pytest.fixture(params=["neighbours", "apart"])
def ledger(unbegun: Ledger, request: pytest.FixtureRequest) -> Ledger:
    """Six messages of hello: three refused, one in doubt, one released, one planned; two of bye, which may stand in between."""
    unbegun.begin(OWNER, now=1.0)
    apart = request.param == "apart"
    plan(unbegun, HELLO, *((1, 2, 3) if apart else range(1, 7)))
    plan(unbegun, BYE, 7, 8)
    plan(unbegun, HELLO, *((4, 5, 6) if apart else ()))
    claim(unbegun, 3.0, 1, 7, 2, 3, 4, 5)
    settle(unbegun, 4.0, 1, State.REFUSED, "no")
    settle(unbegun, 4.5, 2, State.REFUSED, "no")
    settle(unbegun, 5.0, 3, State.REFUSED)
    settle(unbegun, 5.0, 7, State.REFUSED, "no")
    settle(unbegun, 5.0, 4, State.IN_DOUBT, "lost")
    settle(unbegun, 6.0, 5, State.PLANNED, "429, not processed")
    return unbegun


def test_messages_are_counted_by_state_and_size(ledger: Ledger) -> None:
    found = {(each.state, each.size): each.count for each in ledger.sizes("hello", 1)}
    assert found == {
        (State.REFUSED, 2): 2, (State.REFUSED, 3): 1, (State.IN_DOUBT, None): 1, (State.PLANNED, 2): 1, (State.PLANNED, 4): 1,
    }  # fmt: skip
    assert sum(each.count for each in ledger.sizes("hello", 1, 1)) == 5
    assert ledger.sizes("hello", 1, 9) == ledger.sizes("hello", 2) == []
    assert SizeCount(State.REFUSED, None, 1) in ledger.sizes("bye", 1)


def test_evidence_is_counted_by_kind_the_most_frequent_first(ledger: Ledger) -> None:
    everything = ledger.evidence_of("hello", 1, (State.REFUSED, State.IN_DOUBT), 9)
    assert everything == EvidenceCounts(
        [EvidenceCount("no", 2, id_of(1)), EvidenceCount(None, 1, id_of(3)), EvidenceCount("lost", 1, id_of(4))], 3, 4
    )
    few = ledger.evidence_of("hello", 1, (State.REFUSED, State.IN_DOUBT), 1)
    assert few == EvidenceCounts([EvidenceCount("no", 2, id_of(1))], 3, 4)
    assert ledger.evidence_of("hello", 1, (State.ACCEPTED,), 9) == EvidenceCounts([], 0, 0)


def test_moves_are_told_in_their_order_and_by_message(ledger: Ledger) -> None:
    """And no other send's."""
    keys = {key: message.id[0] for key, message in ledger.messages_of_send("hello", 1)}
    moves = list(ledger.recorded_moves("hello", 1))
    told = [(keys[move.message], move.at, move.run, move.attempt, move.origin, move.target) for move in moves]
    assert told[:5] == [(n, 3.0, 1, 1, "planned", "sending") for n in range(1, 6)]
    assert told[5:] == [
        (1, 4.0, 1, 1, "sending", "refused"), (2, 4.5, 1, 1, "sending", "refused"), (3, 5.0, 1, 1, "sending", "refused"),
        (4, 5.0, 1, 1, "sending", "in_doubt"), (5, 6.0, 1, 1, "sending", "planned"),
    ]  # fmt: skip
    assert [move.evidence for move in moves[5:]] == ["no", "no", None, "lost", "429, not processed"]
    by_message = list(ledger.moves_by_message("hello", 1))
    assert [keys[move.message] for move in by_message] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert sorted(by_message) == sorted(moves)
    assert len(list(ledger.recorded_moves("bye", 1))) == 2
    assert list(ledger.recorded_moves("hello", 2)) == list(ledger.moves_by_message("nobody", 1)) == []


def test_its_messages_are_told_with_the_key_of_their_moves(ledger: Ledger) -> None:
    everybody = list(ledger.messages_of_send("hello", 1))
    assert [message.id[0] for _, message in everybody] == [1, 2, 3, 4, 5, 6]
    assert [message for _, message in everybody] == [each for each in ledger.messages() if each.name == "hello"]
    refused = list(ledger.messages_of_send("hello", 1, (State.REFUSED,)))
    assert refused == everybody[:3]
    assert ledger.messages_among([id_of(6), id_of(1), id_of(99)]) == [everybody[0], everybody[5]]
    assert ledger.messages_under([key for key, _ in everybody[1:3]]) == everybody[1:3]
    assert ledger.messages_among([]) == ledger.messages_under([]) == []


def test_state_and_size_of_ids_are_looked_up(ledger: Ledger) -> None:
    ids = [id_of(n) for n in (1, 4, 6, 99)]
    assert ledger.measured(ids) == {
        ids[0]: MeasuredMessage(State.REFUSED, 2),
        ids[1]: MeasuredMessage(State.IN_DOUBT, None),
        ids[2]: MeasuredMessage(State.PLANNED, 2),
    }
    assert set(ledger.measured(ids, 1)) == set(ids[:2])
    assert ledger.measured(ids, 9) == {}


def test_a_later_run_is_told_with_its_moves(ledger: Ledger) -> None:
    ledger.end(now=7.0, ending="finished", requests=6)
    ledger.begin(OWNER, now=8.0)
    plan(ledger, HELLO, 5)
    claim(ledger, 9.0, 5)
    found = Change(id=id_of(4), attempt=1, to=State.ACCEPTED, reason="the list has it", remote_id="api-4")
    ledger.move(MOVE_BY_NAME["find"], [found], now=9.5)
    second, first = ledger.runs_of("hello", 1, 9)
    assert (first.requests, first.specs, second.requests, second.specs) == (6, 2, None, 1)
    last = list(ledger.recorded_moves("hello", 1))[-2:]
    assert [(move.run, move.attempt, move.origin, move.target) for move in last] == [
        (2, 2, "planned", "sending"),
        (2, 1, "in_doubt", "accepted"),
    ]
