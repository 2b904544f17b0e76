"""Today's limits against what a send came to, and the verdict that follows from what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sendspec.ledger.run_note import PlannedRun
from sendspec.operations.report_guards import GUARDS, GuardFacts, GuardTerms, guards_of
from sendspec.operations.report_recipients import fair_shares
from sendspec.operations.report_verdict import VerdictFacts, verdict_of, warnings_of
from sendspec.operations.send_report import Concern, Guard, ReportedRun, SegmentCounts, Verdict
from sendspec.operations.send_session import recovered_words
from sendspec.operations.status import SpecStatus
from sendspec.planning.cost import cost_of
from sendspec.planning.totals import Totals
from sendspec.reading.limits import Amount, Limits
from sendspec.reading.prices import Price, PriceTable
from sendspec.reading.spec import InDoubtPolicy
from sendspec.showing.report_words import guard_text, headroom_text

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PRICES = PriceTable({"NL": Price("EUR", Decimal("0.05"), Decimal("0.07"))}, "prices.csv", "ab" * 32)
COST = cost_of({"NL": (10, 20)}, PRICES, unmeasured=0)
UNPRICED = cost_of({"BE": (1, 1)}, PRICES, unmeasured=0)
PARTLY = cost_of({"NL": (10, 20), "BE": (1, 1)}, PRICES, unmeasured=0)


def a_run(
    number: int = 1,
    *,
    ending: str | None = "finished",
    messages: int = 10,
    last_claim: float | None = None,
    under_way: int | None = None,
) -> ReportedRun:
    run = PlannedRun(
        run=number, pid=1, started_at=0.0, ended_at=None if ending is None else 9.0, ending=ending, messages=messages, note=None
    )  # fmt: skip
    return ReportedRun(run=run, account=Totals(skipped={}), last_claim=last_claim, under_way=under_way)


def guards(terms: GuardTerms, **facts: Any) -> dict[str, Guard]:
    usual: dict[str, Any] = {
        "runs": (a_run(),), "account": Totals(accepted=95, refused=5, skipped={}), "segments": SegmentCounts(total=30, ucs2=2, most=2),
        "cost": None, "resent": 0,
    }  # fmt: skip
    return {each.name: each for each in guards_of(terms, GuardFacts(**{**usual, **facts}))}


def eur(amount: str) -> Amount:
    return Amount(Decimal(amount), "EUR")


EXACT = NOON.timestamp()
ROWS: list[tuple[dict[str, Any], dict[str, Any], str, Any, Any, bool | None]] = [
    ({"messages": 10}, {}, "messages", 10, 0, True),
    ({"messages": 9}, {}, "messages", 10, -1, False),
    ({"messages": 9}, {"runs": (a_run(messages=5), a_run(2, messages=9))}, "messages", 9, 0, True),
    ({}, {}, "messages", 10, None, None),
    ({"segments": 2}, {}, "segments", 2, 0, True),
    ({"segments": 1}, {}, "segments", 2, -1, False),
    ({"total_segments": 29}, {}, "total_segments", 30, -1, False),
    ({"total_segments": 29}, {"runs": (a_run(), a_run(2))}, "total_segments", 30, None, None),
    ({"cost": (eur("1.39"),)}, {"cost": COST, "runs": (a_run(), a_run(2))}, "cost", eur("1.40"), None, None),
    ({"total_segments": 31}, {"runs": (a_run(), a_run(2))}, "total_segments", 30, 1, True),
    ({"encoding": "gsm7"}, {}, "encoding", 2, -2, False),
    ({"encoding": "gsm7"}, {"segments": SegmentCounts()}, "encoding", 0, 0, True),
    ({"failure_rate": 0.05}, {}, "failure_rate", 0.05, 0.0, True),
    ({"failure_rate": 0.04}, {}, "failure_rate", 0.05, pytest.approx(-0.01), False),
    ({"failure_rate": 0.04}, {"account": Totals(accepted=10, refused=9, skipped={})}, "failure_rate", 9 / 19, pytest.approx(0.04 - 9 / 19), True),
    ({"failure_rate": 0.04}, {"account": Totals(skipped={})}, "failure_rate", None, None, True),
    ({}, {"account": Totals(skipped={})}, "failure_rate", None, None, None),
    ({"cost": (eur("1.40"),)}, {"cost": COST}, "cost", eur("1.40"), eur("0.00"), True),
    ({"cost": (eur("1.39"),)}, {"cost": COST}, "cost", eur("1.40"), eur("-0.01"), False),
    ({"cost": (Amount(Decimal(2), None),)}, {"cost": COST}, "cost", eur("1.40"), eur("0.60"), True),
    ({"cost": (eur("2"),)}, {"cost": PARTLY}, "cost", eur("1.00"), None, None),
    ({"cost": (eur("1"),)}, {"cost": PARTLY}, "cost", eur("1.00"), None, None),
    ({"cost": (eur("0.99"),)}, {"cost": PARTLY}, "cost", eur("1.00"), None, False),
    ({"cost": (eur("2"),)}, {"cost": UNPRICED}, "cost", None, None, None),
    ({}, {"cost": PARTLY}, "cost", eur("1.00"), None, None),
    ({"cost": (eur("2"),)}, {}, "cost", None, None, None),
    ({}, {"cost": COST}, "cost", eur("1.40"), None, None),
    ({}, {}, "cost", None, None, None),
    ({"not_after": NOON}, {"runs": (a_run(last_claim=EXACT - 60), a_run(2))}, "not_after", EXACT - 60, 60.0, True),
    ({"not_after": NOON}, {"runs": (a_run(last_claim=EXACT),)}, "not_after", EXACT, 0.0, False),
    ({"not_after": NOON}, {}, "not_after", None, None, True),
    ({}, {"runs": (a_run(last_claim=5.0),)}, "not_after", 5.0, None, None),
    ({"in_doubt": InDoubtPolicy.HOLD}, {}, "in_doubt", 0, None, True),
    ({"in_doubt": InDoubtPolicy.HOLD}, {"resent": 1}, "in_doubt", 1, None, False),
    ({"in_doubt": InDoubtPolicy.RESEND_IF_ABSENT}, {"resent": 1}, "in_doubt", 1, None, True),
    ({}, {"resent": 1}, "in_doubt", 1, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "facts", "name", "found", "headroom", "held"), ROWS)
def test_each_guard_tells_what_was_found_and_what_is_left(
    limits: dict[str, Any], facts: dict[str, Any], name: str, found: Any, headroom: Any, held: bool | None
) -> None:
    terms = {key: limits[key] for key in ("not_after", "in_doubt") if key in limits}
    kept = {key: value for key, value in limits.items() if key not in terms}
    every = guards(GuardTerms(limits=Limits(**kept), **terms), **facts)
    assert tuple(every) == GUARDS
    guard = every[name]
    assert (guard.found, guard.headroom, guard.held) == (found, headroom, held)
    assert (guard.limit is None) == (not limits)
    assert guard.at_least == (facts.get("cost") is PARTLY)
    is_together = len(facts.get("runs", ())) > 1 and name in ("total_segments", "cost") and held is None
    assert guard.together == (2 if is_together else 0)
    assert guard_text(guard)
    assert headroom_text(guard) == "" if headroom is None else headroom_text(guard)


def test_costs_in_several_currencies_are_several_guards() -> None:
    prices = PriceTable({**PRICES.by_country, "US": Price("USD", Decimal(1), Decimal(1))}, "p.csv", "ab" * 32)
    cost = cost_of({"NL": (10, 20), "US": (2, 2)}, prices, unmeasured=0)
    terms = GuardTerms(limits=Limits(cost=(eur("2"),)))
    found = [each for each in guards_of(terms, GuardFacts(runs=(), account=Totals(skipped={}), segments=SegmentCounts(), cost=cost, resent=0)) if each.name == "cost"]  # fmt: skip
    assert [(each.limit, each.found, each.held) for each in found] == [
        (eur("2"), eur("1.40"), True),
        (None, Amount(Decimal(2), "USD"), None),
    ]


@pytest.mark.parametrize(
    ("guard", "text", "left"),
    [
        (Guard(name="messages", limit=5_000, found=120, headroom=4_880, held=True), "messages a run 120 of 5 000", "4 880"),
        (Guard(name="cost", limit=eur("5"), found=eur("5.77"), headroom=eur("-0.77"), held=False), "cost EUR 5.77 of EUR 5.00 (exceeded)", "-EUR 0.77"),
        (Guard(name="failure_rate", limit=0.05, found=0.0166, headroom=0.0334, held=True), "share refused 1.7 % of 5 %", "3.3 %"),
        (Guard(name="failure_rate", limit=0.9, found=1 / 9, headroom=0.9 - 1 / 9, held=True), "share refused 11.1 % of 90 %", "78.9 %"),
        (Guard(name="failure_rate", limit=0.05, found=0.0707, headroom=-0.0207, held=False), "share refused 7.1 % of 5 % (exceeded)", "-2.1 %"),
        (Guard(name="not_after", limit=EXACT, found=EXACT - 7_200, headroom=7_200.0, held=True), "last claim 2026-11-30T10:00:00Z before 2026-11-30T12:00:00Z", "2.0 h"),
        (Guard(name="not_after", limit=EXACT, found=EXACT + 30, headroom=-30.0, held=False), "last claim 2026-11-30T12:00:30Z before 2026-11-30T12:00:00Z (exceeded)", "-30 s"),
        (Guard(name="in_doubt", limit="hold", found=0, held=True), "in_doubt: hold, 0 sent again", ""),
        (Guard(name="cost", limit=eur("2"), found=eur("1.4"), at_least=True), "cost at least EUR 1.40 of EUR 2.00", ""),
        (Guard(name="cost", limit=eur("1"), found=eur("1.4"), held=False, at_least=True), "cost at least EUR 1.40 of EUR 1.00 (exceeded)", ""),
        (Guard(name="total_segments", limit=500, found=900, together=3), "segments in all 900 of 500 (exceeded by 3 runs together; it limits each alone)", ""),
        (Guard(name="cost", limit=eur("2"), found=None), "cost unknown of EUR 2.00", ""),
        (Guard(name="encoding", limit="gsm7", found=2, headroom=-2, held=False), "encoding: gsm7, 2 in UCS-2 (exceeded)", "-2"),
        (Guard(name="encoding", limit=None, found=2), "messages in UCS-2 2, no limit", ""),
        (Guard(name="segments", limit=None, found=3), "segments a message 3, no limit", ""),
    ],
)  # fmt: skip
def test_a_guard_in_words(guard: Guard, text: str, left: str) -> None:
    assert (guard_text(guard), headroom_text(guard)) == (text, left)


def verdict(account: Totals, *runs: ReportedRun, **more: Any) -> tuple[Verdict, list[Concern]]:
    status = {key: more.pop(key) for key in ("under_way", "earlier_doubts") if key in more}
    usual: dict[str, Any] = {"guards": (), "undelivered": 0, "unknown_prices": 0, "given_up": None}
    facts = VerdictFacts(
        status=SpecStatus(name="hello", generation=1, account=account, **status),
        runs=runs or (a_run(),),
        **{**usual, **more},
    )
    warnings = warnings_of(facts)
    return verdict_of(facts, warnings), [each.concern for each in warnings]


def totals(accepted: int = 0, refused: int = 0, in_doubt: int = 0, not_sent: int = 0, left: int = 0, **skipped: int) -> Totals:  # fmt: skip
    return Totals(accepted=accepted, refused=refused, in_doubt=in_doubt, not_sent=not_sent, left=left, skipped=skipped)


KILLED, STOPPED, INTERRUPTED = a_run(ending=None), a_run(ending="the API refuses the run: 402"), a_run(ending="interrupted by SIGINT")  # fmt: skip
BROKEN = Guard(name="messages", limit=1, found=2, headroom=-1, held=False)
VERDICTS: list[tuple[Totals, tuple[ReportedRun, ...], dict[str, Any], Verdict, list[Concern]]] = [
    (totals(5), (), {}, Verdict.OK, []),
    (totals(baseline=5), (), {}, Verdict.OK, []),
    (totals(5), (KILLED, a_run(2)), {}, Verdict.OK, [Concern.KILLED]),
    (totals(5), (STOPPED, a_run(2)), {}, Verdict.OK, [Concern.STOPPED]),
    (totals(5), (), {"table_notes": ("note: x",), "spec_note": "y", "unknown_prices": 2}, Verdict.OK, [Concern.UNKNOWN_PRICE, Concern.TABLE, Concern.SPEC]),
    (totals(5, 1), (), {}, Verdict.ATTENTION, [Concern.REFUSED]),
    (totals(5, 0, 1), (), {}, Verdict.ATTENTION, [Concern.IN_DOUBT]),
    (totals(5), (), {"undelivered": 1}, Verdict.ATTENTION, [Concern.UNDELIVERED]),
    (totals(5, left=2), (), {}, Verdict.ATTENTION, [Concern.LEFT]),
    (totals(5), (), {"earlier_doubts": 2}, Verdict.ATTENTION, [Concern.EARLIER_DOUBTS]),
    (totals(5), (), {"guards": (BROKEN,)}, Verdict.ATTENTION, [Concern.GUARD]),
    (totals(5, not_sent=1), (), {"given_up": "called off"}, Verdict.ATTENTION, [Concern.NOT_SENT, Concern.GIVEN_UP]),
    (totals(5, not_sent=1), (), {}, Verdict.UNFINISHED, [Concern.NOT_SENT]),
    (totals(5, not_sent=1), (KILLED,), {}, Verdict.UNFINISHED, [Concern.NOT_SENT, Concern.KILLED]),
    (totals(5, not_sent=1), (INTERRUPTED,), {}, Verdict.UNFINISHED, [Concern.NOT_SENT, Concern.STOPPED]),
    (totals(5, 1, 3, not_sent=1), (a_run(ending=None, under_way=3),), {"under_way": 3}, Verdict.UNFINISHED, [Concern.UNDER_WAY, Concern.REFUSED, Concern.NOT_SENT]),
    (totals(5, 1, 3, not_sent=1), (KILLED, a_run(2, ending=None, under_way=3)), {"under_way": 3}, Verdict.UNFINISHED, [Concern.UNDER_WAY, Concern.REFUSED, Concern.NOT_SENT, Concern.KILLED]),
    (totals(5, not_sent=1), (STOPPED,), {}, Verdict.FAILED, [Concern.NOT_SENT, Concern.STOPPED]),
    (totals(5, not_sent=1), (STOPPED, a_run(2, ending=None)), {}, Verdict.UNFINISHED, [Concern.NOT_SENT, Concern.STOPPED, Concern.KILLED]),
    (totals(0, 3), (), {}, Verdict.FAILED, [Concern.REFUSED]),
    (totals(0, 0, 3), (), {}, Verdict.FAILED, [Concern.IN_DOUBT]),
]  # fmt: skip


@pytest.mark.parametrize(("account", "runs", "more", "expected", "concerns"), VERDICTS)
def test_the_verdict_follows_from_what_is_wrong(
    account: Totals, runs: tuple[ReportedRun, ...], more: dict[str, Any], expected: Verdict, concerns: list[Concern]
) -> None:
    assert verdict(account, *runs, **more) == (expected, concerns)


def test_one_message_is_in_doubt_and_two_are() -> None:
    assert recovered_words(1) == "1 message of a run that was cut off is in doubt now"
    assert recovered_words(2) == "2 messages of a run that was cut off are in doubt now"


@pytest.mark.parametrize(
    ("counts", "room", "shares"),
    [
        ([1, 2, 3, 4], 100, [1, 2, 3, 4]),
        ([400, 2, 0, 400], 100, [49, 2, 0, 49]),
        ([400, 0, 0, 0], 100, [100, 0, 0, 0]),
        ([400, 400, 400, 400], 100, [25, 25, 25, 25]),
        ([0, 0, 0, 0], 100, [0, 0, 0, 0]),
    ],
)
def test_a_rare_kind_of_failure_is_not_crowded_out(counts: list[int], room: int, shares: list[int]) -> None:
    assert fair_shares(counts, room) == shares
