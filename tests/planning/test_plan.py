"""The plan's numbers: what is counted as sent, skipped and measured, and how facts are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from plain_body import PLAIN_BODY
from sendspec.composing.eligibility import EVERYONE, Eligibility
from sendspec.composing.identity import id_text
from sendspec.composing.message import Composed, Duplicate, Filtered, Message
from sendspec.composing.platforms.sms_segments import measure
from sendspec.planning.decision import WINDOW, Decision, FactLookup, History, Retry, Skip, decisions, nothing_known
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State
from sendspec.planning.pair_set import pair_of_message
from sendspec.planning.plan import (
    DeclaredPairs,
    Plan,
    PlanTally,
    Segments,
    Target,
    approvable,
    digests_of,
)
from sendspec.planning.plan_digest import SpecSettings
from sendspec.planning.shape_count import ShapeCounts
from sendspec.reading.contacts.address_set import AddressSet

TARGET = Target(environment="test", alias="sms", name="hello", generation=1, workspace="w", channel="c")
NEW = History(started=False)
NO_POLICY: Mapping[str, object] = {}


def message(n: int, text: str = "Hi", *, measured: bool = True) -> Message:
    return Message(
        id=n.to_bytes(16), receiver=f"+4477009{n:05d}", reference="r", body=PLAIN_BODY, digest=n.to_bytes(24), text=text,
        measure=measure(text) if measured else None, line=n,
    )  # fmt: skip


def planned(
    items: Sequence[Composed], facts: Mapping[bytes, Fact] | None = None, *, history: History = NEW,
    eligibility: Eligibility = EVERYONE, target: Target = TARGET, retry: Retry | None = None, ledger: str | None = "l",
    policy: Mapping[str, object] = NO_POLICY,
) -> Plan:  # fmt: skip
    known = facts or {}
    tally = PlanTally(target, DeclaredPairs())
    found = list(
        tally.counted(
            decisions(
                items,
                lambda ids: {i: known[i] for i in ids if i in known},
                history,
                eligibility,
                frozenset({retry} if retry else ()),
            )
        )
    )
    assert [decision.item for decision in found] == list(items)
    settings = SpecSettings(
        name=target.name, generation=target.generation, target={"channel": target.channel}, policy=policy
    )
    return approvable(tally.plan(), settings, ledger)


def test_nothing_to_plan_is_a_plan_too() -> None:
    plan = planned([])
    assert (plan.recipients, plan.send, plan.skipped) == (0, 0, {})
    assert plan.segments == Segments(total=0, gsm7=0, ucs2=0)
    assert plan.forcing == ()
    assert plan.shapes == ShapeCounts()
    assert len(plan.digest) == len("v1:") + 64


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


def test_each_character_that_makes_some_of_them_ucs2_is_told() -> None:
    items = [
        message(1, "it’s ж"),
        message(2, "it’s"),
        message(3, "ж"),
        message(4, "plain"),
        message(5, "’", measured=False),
    ]
    found = [(each.character, each.occurrences, each.messages, each.lines) for each in planned(items).forcing]
    assert found == [("ж", 0, 1, (1,)), ("ж", 1, 1, (3,)), ("’", 0, 1, (1,)), ("’", 1, 1, (2,))]
    assert planned(items[3:]).forcing == ()


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
    [{"environment": "live"}, {"name": "other"}, {"generation": 2}, {"channel": "x"}],
    ids=lambda change: next(iter(change)),
)
def test_where_messages_go_is_part_of_the_digest(change: dict[str, object]) -> None:
    plain = planned([message(1)]).digest
    assert planned([message(1)], target=replace(TARGET, **change)).digest != plain  # type: ignore[arg-type]
    assert planned([message(1)], target=replace(TARGET, alias="another")).digest == plain


def test_the_ledger_and_the_policy_are_part_of_the_digest_and_not_of_the_content() -> None:
    plain = planned([message(1)])
    others = planned([message(1)], ledger="other"), planned([message(1)], policy={"in_doubt": "hold"})
    assert len({plain.digest, *(other.digest for other in others)}) == 3
    assert {other.content_digest for other in others} == {plain.content_digest}


def test_no_two_targets_read_the_same() -> None:
    digests = {
        planned([], target=replace(TARGET, name=n, channel=c)).digest
        for n, c in (("w,c", ""), ("w", "c,"), ('w","c', ""), ("w", 'c","'))
    }
    assert len(digests) == 4


def test_the_plan_digest_covers_what_is_sent_and_the_content_digest_what_is_declared() -> None:
    accepted = {message(2).id: Fact(State.ACCEPTED, message(2).digest)}
    new, old = planned([message(1), message(2)]), planned([message(1), message(2)], accepted)
    assert new.digest != old.digest == planned([message(1)]).digest
    assert new.content_digest == old.content_digest != planned([message(1)]).content_digest


@pytest.mark.parametrize("skipped", [Filtered(9), Duplicate(9)])
def test_rows_without_a_message_are_part_of_no_digest(skipped: Composed) -> None:
    plain, more = planned([message(1)]), planned([message(1), skipped])
    assert (more.digest, more.content_digest) == (plain.digest, plain.content_digest)


def test_whom_the_files_exclude_they_do_not_declare() -> None:
    nobody = planned([message(1)], eligibility=Eligibility(frozenset()))
    assert (nobody.send, nobody.content_digest) == (0, planned([]).content_digest)


def test_line_and_text_are_part_of_no_digest_and_the_users_own_reference_is() -> None:
    plain = planned([message(1)])
    assert planned([message(1)._replace(line=99, text="x")]).digest == plain.digest
    other = planned([message(1)._replace(reference="x")])
    assert plain.digest != other.digest
    assert plain.content_digest != other.content_digest


def test_a_reference_that_is_the_message_id_is_none_of_the_users_own() -> None:
    one = message(1)._replace(reference=id_text(message(1).id))
    assert pair_of_message(one) == one.id + one.digest


def test_who_gets_it_and_what_they_get_both_are() -> None:
    plain = planned([message(1)]).digest
    assert planned([message(1)._replace(id=b"i" * 16)]).digest != plain
    assert planned([message(1)._replace(digest=b"d" * 24)]).digest != plain


def test_the_order_of_rows_is_not() -> None:
    one, other = planned([message(1), message(2)]), planned([message(2), message(1)])
    assert (one.digest, one.content_digest) == (other.digest, other.content_digest)


def test_the_digest_of_several_plans_is_of_all_of_them_in_any_order() -> None:
    one, two = planned([message(1)]), planned([message(2)], target=replace(TARGET, name="other"))
    assert digests_of([one]) == (one.digest, one.content_digest)
    assert digests_of([one, two])[0] == digests_of([two, one])[0]
    assert digests_of([one, two])[1] == digests_of([two, one])[1]
    assert len({digests_of([one, two])[0], one.digest, two.digest, digests_of([])[0]}) == 4


def test_without_a_ledger_ids_are_provisional_and_there_is_no_content_digest() -> None:
    plan = planned([message(1)], ledger=None)
    assert (plan.content_digest, digests_of([plan, plan])[1], digests_of([])[1]) == ("", "", "")
    assert plan.digest


def test_an_empty_ledger_knows_nothing() -> None:
    lookup: FactLookup = nothing_known
    assert lookup([b"i" * 16]) == {}


def test_countries_are_counted_where_that_is_asked_for() -> None:
    items = [message(1), message(2, "a" * 161), message(3)._replace(receiver="+31612345678"), message(4)]
    items.append(message(5)._replace(receiver="ann@example.com"))
    for asks in (True, False):
        tally = PlanTally(TARGET, count_countries=asks)
        list(
            tally.counted(decisions(items, nothing_known, NEW, Eligibility(suppressed=AddressSet([items[3].receiver]))))
        )
        plan = tally.plan()
        expected = ({"GB": 2, "NL": 1, "unknown": 1}, {"GB": 3, "NL": 1, "unknown": 1}) if asks else ({}, {})
        assert (plan.messages_by_country, plan.segments_by_country) == expected
