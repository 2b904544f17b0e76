"""What a ledger tells of earlier sends: channels, digests, receivers, references, and who still waits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_samples import OWNER, claims
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import (
    MOVED_EVIDENCE,
    Change,
    Claim,
    PlannedRecord,
    Route,
    SendIdentity,
    SentMessage,
    Settlement,
)
from sendspec.planning.message_state import MOVE_BY_NAME, State

HELLO, BYE, OLD = (SendIdentity(name, 1, f"{name}.yaml") for name in ("hello", "bye", "old"))
HERE, THERE = Route("w", "c"), Route("w", "d")


def record(n: int, reference: str | None = None) -> PlannedRecord:
    return PlannedRecord(bytes([n]) * 16, bytes([n]) * 24, reference, bytes([100 + n]) * 16, "+31••••••78")


@pytest.fixture
def ledger(unbegun: Ledger) -> Ledger:
    """Two messages of hello, of which one was accepted; one of bye on another channel; one of old, baselined."""
    unbegun.begin(OWNER, now=10.0)
    unbegun.put_planned(HELLO, [record(1, "a"), record(2)], b"p", now=10.0, route=HERE)
    unbegun.put_planned(BYE, [record(3, "b")], b"p", now=10.0, route=THERE)
    unbegun.put_baselined(OLD, [record(4)], now=10.0)
    unbegun.exchange(settle=[], claim=claims([bytes([1]) * 16], bytes([1]) * 24, "a"), now=20.0)
    unbegun.exchange(settle=[Settlement(bytes([1]) * 16, 1, State.ACCEPTED)], claim=[], now=20.0)
    return unbegun


def test_a_key_that_changes_after_a_claim_is_kept_with_the_messages_that_had_it(unbegun: Ledger) -> None:
    def put(key: str, *numbers: int) -> None:
        records = [PlannedRecord(bytes([n]) * 16, b"d" * 24, None, bytes([n]) * 16, "+31") for n in numbers]
        send = SendIdentity("hello", 1, "hello.yaml", key_tree=key, to_tree="to")
        unbegun.put_planned(send, records, b"p" * 32, now=2.0)

    ledger = unbegun
    ledger.begin(OWNER, now=2.0)
    put("first", 1, 2)
    put("second", 3)  # nobody was claimed yet: the first was none
    assert ledger.former_expressions("hello", 1) == []
    ledger.exchange(settle=[], claim=claims([bytes([n]) * 16 for n in (1, 3)]), now=3.0)
    put("second", 4)
    put("third", 5)
    put("second", 6)
    assert ledger.former_expressions("hello", 1) == [("second", "to", 4), ("third", "to", 5)]
    assert list(ledger.receivers_claimed("hello", 1, 0, 2)) == [b"\x01" * 16]
    assert list(ledger.receivers_claimed("hello", 1, 2)) == [b"\x03" * 16]
    assert ledger.former_expressions("hello", 2) == []


def test_the_shapes_are_those_of_accepted_messages_of_any_generation(ledger: Ledger) -> None:
    def put(send: SendIdentity, *shaped: tuple[int, int | None]) -> None:
        ledger.put_planned(send, [record(n)._replace(shape=shape) for n, shape in shaped], b"p", now=30.0)

    def accept(*numbers: int) -> None:
        for n in numbers:
            ledger.exchange(settle=[], claim=claims([bytes([n]) * 16], bytes([n]) * 24), now=31.0)
            ledger.exchange(settle=[Settlement(bytes([n]) * 16, 1, State.ACCEPTED)], claim=[], now=32.0)

    assert ledger.shapes_accepted({"hello", "bye", "old"}) == set()
    put(replace(HELLO, generation=2), (11, 7), (12, 7), (13, 8), (14, None), (15, 9))
    put(replace(HELLO, generation=2), (15, 2**55 + 1))
    put(replace(BYE, generation=2), (16, 5))
    accept(11, 12, 14, 15, 16)
    assert ledger.shapes_accepted({"hello"}) == {7, 2**55 + 1}
    assert ledger.shapes_accepted({"hello", "bye", "nobody"}) == {7, 2**55 + 1, 5}
    ledger.exchange(settle=[], claim=claims([bytes([13]) * 16], bytes([13]) * 24), now=33.0)
    ledger.exchange(settle=[Settlement(bytes([13]) * 16, 1, State.REFUSED)], claim=[], now=33.0)
    again = Change(id=bytes([13]) * 16, attempt=1, to=State.PLANNED, reason="r", planned=record(13)._replace(shape=10))
    ledger.move(MOVE_BY_NAME["retry"], [again], now=34.0)
    ledger.exchange(settle=[], claim=claims([bytes([13]) * 16], bytes([13]) * 24), now=35.0)
    ledger.exchange(settle=[Settlement(bytes([13]) * 16, 2, State.ACCEPTED)], claim=[], now=36.0)
    assert ledger.shapes_accepted({"hello"}) == {7, 2**55 + 1, 10}
    assert ledger.find_damage() == []


def test_the_digests_are_those_of_what_was_sent_since(ledger: Ledger) -> None:
    assert set(ledger.digests_sent({"hello", "bye", "old"}, 0.0)) == {("hello", b"\1" * 24), ("old", b"\4" * 24)}
    assert list(ledger.digests_sent({"hello", "old"}, 15.0)) == [("hello", b"\1" * 24)]


def test_receivers_are_those_that_were_claimed_or_baselined(ledger: Ledger) -> None:
    assert list(ledger.receivers_claimed("hello", 1)) == [bytes([101]) * 16]
    assert list(ledger.receivers_claimed("old", 1)) == [bytes([104]) * 16]
    assert list(ledger.receivers_claimed("bye", 1)) == []


def test_references_are_those_of_other_sends(ledger: Ledger) -> None:
    assert list(ledger.other_references("bye", 1)) == [(bytes([101]) * 16, "a")]
    assert len(list(ledger.other_references("nobody", 1))) == 2
    assert ledger.has_other_references("hello", 1)


def test_recipients_are_named_masked_until_they_are_purged(ledger: Ledger) -> None:
    assert set(ledger.masked_receivers()) == {(bytes([100 + n]) * 16, "+31••••••78") for n in (1, 2, 3, 4)}
    assert ledger.purge(before=1_000.0) == 2
    assert {receiver[0] - 100 for receiver, _ in ledger.masked_receivers()} == {2, 3}


def test_who_waits_is_planned_in_any_generation(ledger: Ledger) -> None:
    assert list(ledger.planned_of("hello")) == [(b"\2" * 16, 1, 0)]


@pytest.mark.parametrize("generation", [1, 2])
def test_a_generation_is_given_up_whether_it_was_planned_or_not(ledger: Ledger, generation: int) -> None:
    ledger.give_up(SendIdentity("bye", generation, "bye.yaml"), "called off")
    [send] = [send for send in ledger.sends("bye") if send.generation == generation]
    assert (send.given_up, send.is_used, send.claimed) == ("called off", True, False)
    assert ledger.states("bye", 1) == {State.PLANNED: 1}


def test_why_messages_are_skipped_is_told_apart(ledger: Ledger) -> None:
    assert ledger.skips("old", 1) == {"baseline": 1}
    reasons = {2: f"{MOVED_EVIDENCE}greeting", 3: "a person says so"}
    for number, reason in reasons.items():
        change = Change(id=bytes([number]) * 16, attempt=0, to=State.SKIPPED, reason=reason)
        ledger.move(MOVE_BY_NAME["drop"], [change], now=30.0)
    assert ledger.skips("hello", 1) == {"moved": 1}
    assert ledger.skips("bye", 1) == {"settled-by-hand": 1}
    assert ledger.skips("nobody", 1) == {}


def test_the_accepted_messages_of_a_send_are_told_with_their_channel(unbegun: Ledger) -> None:
    """In plan order, and no other send's; what isn't known is None."""
    ids = [bytes([n]) * 16 for n in range(1, 6)]
    unbegun.begin(OWNER, now=10.0)
    unbegun.note_clock(1.5)
    records = [record(n)._replace(scheduled_for=99 if n == 2 else None) for n in (1, 2, 3)]
    unbegun.put_planned(HELLO, records, b"p", now=10.0, route=HERE)
    unbegun.put_planned(BYE, [record(4)], b"p", now=10.0)
    unbegun.exchange(settle=[], claim=[Claim(ids[n], ids[n][:1] * 24, None) for n in (3, 1, 0, 2)], now=20.0)
    unbegun.exchange(
        settle=[Settlement(ids[1], 1, State.ACCEPTED, "r2"), Settlement(ids[2], 1, State.IN_DOUBT)], claim=[], now=21.0
    )
    unbegun.exchange(settle=[Settlement(ids[n], 1, State.ACCEPTED) for n in (0, 3)], claim=[], now=22.0)
    first, second = SentMessage(ids[0], None, 22.0, HERE, 1.5, None), SentMessage(ids[1], "r2", 21.0, HERE, 1.5, 99)
    assert list(unbegun.accepted_of("hello", 1)) == [first, second]
    assert list(unbegun.accepted_of("bye", 1)) == [SentMessage(ids[3], None, 22.0, None, 1.5, None)]
    assert list(unbegun.accepted_of("hello", 2)) == []
