"""The plan's numbers: what is counted as sent, skipped and measured, and how facts are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from plain_body import PLAIN_BODY
from sendspec.composing.eligibility import EVERYONE, Eligibility
from sendspec.composing.message import Composed, Duplicate, Filtered, Message
from sendspec.composing.platforms.sms_segments import measure
from sendspec.planning.decision import WINDOW, Decision, FactLookup, History, Retry, Skip, decisions, nothing_known
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan, PlanTally, Segments, Target, digest_of

TARGET = Target(environment="test", alias="sms", name="hello", generation=1, workspace="w", channel="c")
NEW = History(started=False)


def message(n: int, text: str = "Hi", *, measured: bool = True) -> Message:
    return Message(
        id=n.to_bytes(16), receiver=f"+4477009{n:05d}", reference="r", body=PLAIN_BODY, digest=n.to_bytes(32), text=text,
        measure=measure(text) if measured else None, line=n,
    )  # fmt: skip


def planned(
    items: Sequence[Composed], facts: Mapping[bytes, Fact] | None = None, *, history: History = NEW,
    eligibility: Eligibility = EVERYONE, target: Target = TARGET, retry: Retry | None = None,
) -> Plan:  # fmt: skip
    known = facts or {}
    tally = PlanTally(target)
    found = list(
        tally.counted(
            decisions(items, lambda ids: {i: known[i] for i in ids if i in known}, history, eligibility, retry)
        )
    )
    assert [decision.item for decision in found] == list(items)
    return tally.plan()


def test_nothing_to_plan_is_a_plan_too() -> None:
    plan = planned([])
    assert (plan.recipients, plan.send, plan.skipped) == (0, 0, {})
    assert plan.segments == Segments(total=0, gsm7=0, ucs2=0)
    assert plan.forced_by is None
    assert len(plan.digest) == 64


def test_each_recipient_is_sent_to_or_skipped_for_one_reason() -> None:
    items: list[Composed] = [message(1), Filtered(2), message(3), Duplicate(4), Duplicate(5), message(6)]
    accepted = Fact(State.ACCEPTED, message(3).digest)
    plan = planned(
        items, {message(3).id: accepted}, eligibility=Eligibility(frozenset({message(1).receiver, message(3).receiver}))
    )
    assert (plan.recipients, plan.send) == (6, 1)
    assert plan.skipped == {Skip.ALREADY_ACCEPTED: 1, Skip.DUPLICATE: 2, Skip.FILTERED: 1, Skip.ONLY_TO: 1}


def test_reasons_stand_in_one_order_whatever_comes_first() -> None:
    items: list[Composed] = [Filtered(1), message(2), Duplicate(3)]
    facts = {message(2).id: Fact(State.ACCEPTED, b"o" * 24)}
    assert list(planned(items, facts).skipped) == list(planned(items[::-1], facts).skipped) == [
        Skip.DRIFT, Skip.DUPLICATE, Skip.FILTERED,
    ]  # fmt: skip


def test_segments_are_those_of_the_messages_to_send() -> None:
    items = [
        message(1, "a" * 161),
        message(2, "ж" * 71),
        message(3, "€"),
        message(4, "a" * 500),
        message(5, measured=False),
    ]
    plan = planned(items, {message(4).id: Fact(State.ACCEPTED, message(4).digest)})
    assert plan.send == 4
    assert plan.segments == Segments(total=2 + 2 + 1, gsm7=2, ucs2=1)


def test_the_character_that_makes_most_of_them_ucs2_is_told() -> None:
    items = [
        message(1, "it’s ж"),
        message(2, "it’s"),
        message(3, "ж"),
        message(4, "plain"),
        message(5, "’", measured=False),
    ]
    assert planned(items).forced_by == ("’", 2)
    assert planned(items[3:]).forced_by is None


def test_facts_are_asked_for_by_the_window_and_for_messages_only() -> None:
    asked: list[int] = []

    def lookup(ids: Sequence[bytes]) -> Mapping[bytes, Fact]:
        asked.append(len(ids))
        return {ids[0]: Fact(State.ACCEPTED, b"o" * 24)}

    items: list[Composed] = [message(n) if n % 2 else Filtered(n) for n in range(2 * WINDOW + 2)]
    stream = decisions(iter(items), lookup, NEW, EVERYONE)
    first = next(stream)
    assert asked == [WINDOW // 2]
    assert first == Decision(Filtered(0), Skip.FILTERED)
    rest = list(stream)
    assert asked == [WINDOW // 2, WINDOW // 2, 1]
    assert len(rest) == len(items) - 1
    assert [d.fact for d in rest if d.skip is Skip.DRIFT] == [Fact(State.ACCEPTED, b"o" * 24)] * 3


def test_a_new_payload_takes_the_place_of_the_planned_one_until_something_is_claimed() -> None:
    facts = {message(1).id: Fact(State.PLANNED, b"o" * 24)}
    assert planned([message(1)], facts).send == 1
    assert planned([message(1)], facts, history=History(started=True)).skipped == {Skip.ON_HOLD: 1}
    assert (
        planned([message(1)], {message(1).id: Fact(State.PLANNED, message(1).digest)}, history=History(True)).send == 1
    )


def test_a_retry_leaves_the_others_for_another_time() -> None:
    facts = {message(1).id: Fact(State.REFUSED, b"o" * 24), message(2).id: Fact(State.PLANNED, message(2).digest)}
    items = [message(1), message(2), message(3)]
    refused = planned(items, facts, history=History(True), retry=Retry.REFUSED)
    assert (refused.send, refused.skipped) == (1, {Skip.NOT_CHOSEN: 2})
    waiting = planned(items, facts, history=History(True), retry=Retry.NOT_SENT)
    assert (waiting.send, waiting.skipped) == (1, {Skip.DRIFT: 1, Skip.NOT_CHOSEN: 1})


@pytest.mark.parametrize(
    "change",
    [{"environment": "live"}, {"name": "other"}, {"generation": 2}, {"workspace": "x"}, {"channel": "x"}],
    ids=lambda change: next(iter(change)),
)
def test_where_messages_go_is_part_of_the_digest(change: dict[str, object]) -> None:
    plain = planned([message(1)]).digest
    assert planned([message(1)], target=replace(TARGET, **change)).digest != plain  # type: ignore[arg-type]
    assert planned([message(1)], target=replace(TARGET, alias="another", batch=100)).digest == plain


def test_no_two_targets_read_the_same() -> None:
    for one, other in ((("w,c", ""), ("w", "c,")), (('w","c', ""), ("w", 'c","'))):
        digests = {planned([], target=replace(TARGET, workspace=w, channel=c)).digest for w, c in (one, other)}
        assert len(digests) == 2


def test_what_happens_to_a_row_is_part_of_the_digest() -> None:
    fates = [planned([item]).digest for item in (message(1), Filtered(1), Duplicate(1))]
    fates += [
        planned([message(1)], eligibility=Eligibility(frozenset())).digest,
        planned([message(2)]).digest,
        planned([message(1), message(2)]).digest,
    ]
    fates += [
        planned([message(1)], {message(1).id: Fact(state, message(1).digest)}).digest
        for state in (State.ACCEPTED, State.IN_DOUBT)
    ]
    assert len(set(fates)) == len(fates)


def test_what_is_not_sent_is_not_part_of_the_digest() -> None:
    assert planned([message(1)]).digest == planned([message(1)._replace(line=99, reference="x", text="x")]).digest


def test_who_gets_it_and_what_they_get_both_are() -> None:
    plain = planned([message(1)]).digest
    assert planned([message(1)._replace(id=b"i" * 16)]).digest != plain
    assert planned([message(1)._replace(digest=b"d" * 24)]).digest != plain


def test_the_order_of_rows_is() -> None:
    assert planned([message(1), message(2)]).digest != planned([message(2), message(1)]).digest


def test_the_digest_of_several_plans_is_of_all_of_them_in_order() -> None:
    one, two = planned([message(1)]), planned([message(2)])
    assert digest_of([one]) == one.digest
    several = {
        digest_of([one, two]),
        digest_of([two, one]),
        digest_of([one]),
        digest_of([two]),
        digest_of([one, two, two]),
    }
    assert len(several) == 5
    assert all(len(digest) == 64 for digest in several)


def test_an_empty_ledger_knows_nothing() -> None:
    lookup: FactLookup = nothing_known
    assert lookup([b"i" * 16]) == {}
