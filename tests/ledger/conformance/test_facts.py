"""What a ledger tells of messages, sends and doubts."""

from __future__ import annotations

import pytest
from ledger_samples import IDS, OWNER, claims
from sendspec.composing.identity import id_text
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import (
    AcceptedMessage,
    Change,
    KnownMessage,
    PlannedMessage,
    PlannedRecord,
    Route,
    SendIdentity,
    Settlement,
)
from sendspec.ledger.run_note import PlannedRun, RunNote
from sendspec.planning.message_state import MOVE_BY_NAME, State

HERE, ELSEWHERE = Route("workspace", "channel"), Route("workspace", "another channel")


@pytest.fixture
def ledger(unbegun: Ledger) -> Ledger:
    unbegun.begin(OWNER, now=2.0)
    return unbegun


def plan(
    ledger: Ledger,
    *ids: bytes,
    name: str = "hello",
    generation: int = 1,
    route: Route | None = HERE,
    reference: str | None = None,
) -> None:
    records = [PlannedRecord(identity, b"d" * 24, reference, identity, "+31••••••78") for identity in ids]
    send = SendIdentity(name, generation, f"{name}-{generation}.yaml")
    ledger.put_planned(send, records, b"p" * 32, now=2.0, route=route)


def settle(
    ledger: Ledger,
    identity: bytes,
    to: State,
    now: float,
    remote_id: str | None = None,
    *,
    reference: str | None = None,
) -> None:
    ledger.exchange(settle=[], claim=claims([identity], reference=reference), now=now - 0.5)
    ledger.exchange(settle=[Settlement(identity, 1, to, remote_id, "why", 202)], claim=[], now=now)


def test_what_is_planned_is_counted_by_generation(ledger: Ledger) -> None:
    plan(ledger, IDS[0], IDS[1])
    plan(ledger, IDS[2], generation=2)
    plan(ledger, IDS[3], name="bye")
    settle(ledger, IDS[0], State.ACCEPTED, 3.0, "api-1")
    assert ledger.planned_counts("hello") == {1: 1, 2: 1}
    assert ledger.planned_counts("nobody") == {}


def test_what_was_refused_since_is_told(ledger: Ledger) -> None:
    plan(ledger, *IDS[:3])
    settle(ledger, IDS[0], State.REFUSED, 3.0)
    before = ledger.moves
    settle(ledger, IDS[1], State.REFUSED, 4.0)
    settle(ledger, IDS[2], State.ACCEPTED, 4.0, "api-1")
    assert ledger.refused_since(before) == {IDS[1]}
    assert ledger.refused_since(0) == {IDS[0], IDS[1]}
    assert ledger.refused_since(ledger.moves) == set()


NOTE = RunNote(plan_digest=b"n" * 32, commit="c" * 40, claimed="octo\ud800", verified=("ada", "bob@example.com"))


def test_runs_are_told_with_what_they_carried_out_and_who_approved_it(ledger: Ledger) -> None:
    plan(ledger, *IDS[:2])
    plan(ledger, IDS[2], name="bye")
    (running,) = ledger.runs_of("hello", 1, 9)
    assert running == PlannedRun(
        run=1, pid=OWNER.pid, started_at=2.0, ended_at=None, ending=None, messages=2, note=None, specs=2
    )
    ledger.note_approval(NOTE)
    ledger.end(now=5.0, ending="finished", requests=2)
    ledger.begin(OWNER, now=6.0)
    plan(ledger, IDS[0])
    ledger.note_approval(RunNote(plan_digest=b"m" * 32))
    second, first = ledger.runs_of("hello", 1, 9)
    assert (second.run, second.note) == (2, RunNote(plan_digest=b"m" * 32))
    assert (first.ended_at, first.ending, first.requests, first.specs) == (5.0, "finished", 2, 2)
    assert first.note is not None
    assert (first.note.plan_digest, first.note.commit, first.note.verified) == (
        NOTE.plan_digest,
        NOTE.commit,
        NOTE.verified,
    )
    assert first.note.claimed == "octo\\ud800"  # no text holds half a surrogate pair
    assert [run.run for run in ledger.runs_of("hello", 1, 1)] == [2]
    assert [run.run for run in ledger.runs_of("bye", 1, 9)] == [1]
    assert ledger.runs_of("hello", 2, 9) == []


def test_what_others_have_freed_since_is_told_and_ones_own_is_not(ledger: Ledger) -> None:
    plan(ledger, IDS[0], IDS[1])
    settle(ledger, IDS[0], State.IN_DOUBT, 3.0)
    before = ledger.moves
    change = Change(id=IDS[0], attempt=1, to=State.PLANNED, reason="a person says so")
    ledger.move(MOVE_BY_NAME["resolve"], [change], now=4.0)
    assert ledger.freed_since(before, None) == {IDS[0]}
    assert ledger.freed_since(before, 1) == set()
    assert ledger.freed_since(ledger.moves, None) == set()


def test_ids_of_the_api_are_credited_to_their_messages(ledger: Ledger) -> None:
    plan(ledger, IDS[0], IDS[1])
    settle(ledger, IDS[0], State.ACCEPTED, 3.0, "api-1")
    settle(ledger, IDS[1], State.ACCEPTED, 3.0, "api-2")
    assert ledger.credited(["api-2", "api-3"]) == {"api-2": IDS[1]}
    assert ledger.credited([]) == {}


def test_how_the_messages_that_a_run_claimed_stand(ledger: Ledger) -> None:
    plan(ledger, IDS[0], IDS[1], IDS[2])
    settle(ledger, IDS[0], State.ACCEPTED, 3.0, "api-1")
    settle(ledger, IDS[1], State.REFUSED, 3.0)
    assert ledger.states_of_run(1, "hello", 1) == {State.ACCEPTED: 1, State.REFUSED: 1}
    assert ledger.states_of_run(2, "hello", 1) == {}


def test_every_send_is_listed_the_newest_generation_of_a_name_last(ledger: Ledger) -> None:
    plan(ledger, IDS[0], generation=2)
    plan(ledger, IDS[1], name="bye")
    plan(ledger, IDS[2], generation=1)
    assert [(send.name, send.generation, send.path, send.messages, send.claimed) for send in ledger.sends()] == [
        ("bye", 1, "bye-1.yaml", 1, False),
        ("hello", 1, "hello-1.yaml", 1, False),
        ("hello", 2, "hello-2.yaml", 1, False),
    ]
    assert [send.generation for send in ledger.sends("hello")] == [1, 2]
    assert ledger.sends("another") == []
    assert ledger.spec_path("hello") == "hello-2.yaml"
    assert ledger.spec_path("another") is None


def test_a_send_has_messages_from_its_first_plan_on_and_was_claimed_from_its_first_claim_on(
    ledger: Ledger,
) -> None:
    def known(generation: int) -> tuple[bool, bool]:
        return ledger.has_messages("hello", generation), ledger.claimed_before("hello", generation)

    plan(ledger)
    assert known(1) == (False, False)
    plan(ledger, IDS[0])
    assert known(1) == (True, False)
    ledger.exchange(settle=[], claim=claims([IDS[0]]), now=3.0)
    assert known(1) == (True, True)
    assert known(2) == (False, False)


def test_what_is_uncertain_is_counted_over_all_generations_of_a_spec(ledger: Ledger) -> None:
    plan(ledger, IDS[0], IDS[1], generation=1)
    plan(ledger, IDS[2], IDS[3], generation=2)
    plan(ledger, IDS[4], name="bye")
    assert ledger.count_uncertain("hello") == 0
    settle(ledger, IDS[0], State.IN_DOUBT, 3.0)
    settle(ledger, IDS[1], State.ACCEPTED, 3.0)
    ledger.exchange(settle=[], claim=claims([IDS[2], IDS[4]]), now=3.0)
    assert (ledger.count_uncertain("hello"), ledger.count_uncertain("bye"), ledger.count_uncertain("another")) == (
        2,
        1,
        0,
    )


def test_facts_are_found_also_beyond_the_most_that_is_asked_for_at_once(ledger: Ledger) -> None:
    ids = [n.to_bytes(16) for n in range(1_001)]
    plan(ledger, *ids[:-1])
    found = ledger.facts(ids)
    assert list(found) == sorted(ids[:-1])
    assert {waiting.id for waiting in ledger.planned_under(ids, set(), ())} == set(ids[:-1])


def test_known_says_states_and_digests_also_beyond_the_most_that_is_asked_for_at_once(ledger: Ledger) -> None:
    digests = [bytes(24), b"\xff" * 24, b"\xc3\x28" * 12, b"\0a" * 12]
    records = [
        PlannedRecord(identity, digest, None, bytes(16), "+31") for identity, digest in zip(IDS, digests, strict=False)
    ]
    ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, bytes(32), now=2.0)
    ledger.exchange(settle=[], claim=claims([IDS[1]], digests[1]), now=3.0)
    strangers = [n.to_bytes(16) for n in range(2**64, 2**64 + 20_000)]
    assert ledger.prior_states([IDS[0], *strangers, IDS[1], IDS[2], IDS[3]]) == {
        IDS[0] + digests[0]: State.PLANNED,
        IDS[1] + digests[1]: State.SENDING,
        IDS[2] + digests[2]: State.PLANNED,
        IDS[3] + digests[3]: State.PLANNED,
    }
    assert ledger.prior_states([]) == {}


def test_the_accepted_of_a_channel_are_those_that_went_there_since_then(ledger: Ledger) -> None:
    plan(ledger, *IDS[:4])
    plan(ledger, IDS[4], name="bye", route=ELSEWHERE)
    plan(ledger, IDS[5], name="old", route=None)
    settle(ledger, IDS[0], State.ACCEPTED, 9.0, "too early")
    settle(ledger, IDS[1], State.ACCEPTED, 10.0, "id-1")
    settle(ledger, IDS[2], State.ACCEPTED, 11.0, None)
    settle(ledger, IDS[3], State.REFUSED, 11.0, "refused")
    settle(ledger, IDS[4], State.ACCEPTED, 11.0, "elsewhere")
    settle(ledger, IDS[5], State.ACCEPTED, 11.0, "nowhere")
    assert list(ledger.accepted_since(HERE, 10.0)) == [AcceptedMessage("id-1", id_text(IDS[1]), IDS[1], (), False)]
    assert [message.remote_id for message in ledger.accepted_since(ELSEWHERE, 10.0)] == ["elsewhere"]
    assert ledger.accepted_before(HERE, 10.0) == 9.0
    assert ledger.accepted_before(HERE, 9.0) is None


def test_where_the_apis_clock_was_known_an_acceptance_has_its_times(ledger: Ledger) -> None:
    ledger.note_clock(100.0)
    plan(ledger, IDS[0])
    settle(ledger, IDS[0], State.ACCEPTED, 10.0, "id-0")
    (message,) = ledger.accepted_since(HERE, 0.0)
    assert message.times[-1] == 110.0
    assert len(message.times) == 2


def test_what_is_known_of_messages_is_found_by_their_ids(ledger: Ledger) -> None:
    plan(ledger, *IDS[:2])
    settle(ledger, IDS[0], State.ACCEPTED, 9.0, "id-0")
    assert ledger.known_messages([*IDS[:2], IDS[7]]) == {
        IDS[0]: KnownMessage(State.ACCEPTED, IDS[0], "id-0", id_text(IDS[0])),
        IDS[1]: KnownMessage(State.PLANNED, IDS[1], None, id_text(IDS[1])),
    }


def test_a_sound_ledger_passes_every_check(ledger: Ledger) -> None:
    plan(ledger, *IDS)
    for names in (["hello"], ["unknown"], [], None):
        ledger.check_sends(names)
    assert ledger.find_damage() == []


def test_planned_messages_are_found_by_id_and_by_the_users_own_reference(ledger: Ledger) -> None:
    plan(ledger, IDS[0], IDS[1])
    plan(ledger, IDS[2], name="mine", reference="order-2")
    plan(ledger, IDS[3], name="other", reference="order-3")
    plan(ledger, IDS[4], name="sent", reference="order-4")
    settle(ledger, IDS[4], State.ACCEPTED, 3.0, reference="order-4")
    settle(ledger, IDS[1], State.PLANNED, 3.0)
    references = {"order-2", "order-4", "order-9"}
    assert list(ledger.planned_under([IDS[0], IDS[1], IDS[7]], references, [("mine", 1), ("sent", 1)])) == [
        PlannedMessage(IDS[0], "hello", 1, 0, None, IDS[0]),
        PlannedMessage(IDS[1], "hello", 1, 1, None, IDS[1]),
        PlannedMessage(IDS[2], "mine", 1, 0, "order-2", IDS[2]),
    ]
    assert list(ledger.planned_under([], references, [("other", 1), ("mine", 2)])) == []
    assert list(ledger.planned_under([], set(), [("mine", 1)])) == []
