"""The rules are what the classifier does, and what the page on reliability says."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RunRefused
from sendspec.provider.response_rules import EXCHANGE_RULES, RULES, Condition, FollowUp, Meaning, Rule, rules_for
from sendspec.sending.backlog import MAX_ATTEMPTS
from sendspec.sending.circuit_breaker import BREAKER_WINDOW, MAX_DOUBTS
from sendspec.sending.ending import MIN_CERTAIN

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
SENT = SentMessage("m1", "+31612345678")
STATUSES = range(200, 1_000)
NAMED = {(200, 299): "any other 2xx answer", (300, 399): "3xx", (520, 529): "52x", (200, 999): "any other status"}

CASES: tuple[tuple[frozenset[Condition], dict[str, Any]], ...] = (
    (frozenset({Condition.PROVED}), {"body": {"id": "1", "reference": "m1"}}),
    (
        frozenset({Condition.PROVED, Condition.REJECTED}),
        {"body": {"id": "1", "reference": "m1", "status": "rejected"}},
    ),
    (frozenset({Condition.CHANNEL_MISSING}), {"body": {"code": "NotFound", "message": "channel not found"}}),
    (frozenset({Condition.TRUSTED}), {"trust_503": True}),
    (frozenset(), {}),
)
"""Responses, each with all the conditions that it meets besides `ALWAYS`."""


def judged(status: int, body: Any = None, *, trust_503: bool = False, extra: bool = False) -> Outcome:
    answer = HttpResponse(status, {"retry-after": "1"}, json.dumps(body or {}).encode(), True)
    return classify(answer, SENT, first=False, trust_503=trust_503, extra=extra)


def meaning_of(outcome: Outcome) -> Meaning:
    return {
        Accepted: Meaning.ACCEPTED, Refused: Meaning.REFUSED, NotProcessed: Meaning.NOT_PROCESSED,
        RunRefused: Meaning.RUN_REFUSED, InDoubt: Meaning.IN_DOUBT, NotSent: Meaning.NOT_SENT,
    }[type(outcome)]  # fmt: skip


def test_each_status_means_what_its_rows_say() -> None:
    """Of the rules that cover the status, the first whose condition is met applies: their order counts."""
    for status, (conditions, case) in product(STATUSES, CASES):
        rule = next(rule for rule in rules_for(status) if rule.condition in {*conditions, Condition.ALWAYS})
        outcome = judged(status, **case)
        assert meaning_of(outcome) is rule.meaning, (status, conditions)
        if isinstance(outcome, InDoubt):
            assert outcome.invalid_acceptance is (rule.follow_up is FollowUp.PROBE)
            assert outcome.stops_run is (rule.follow_up in (FollowUp.STOP_REDIRECTED, FollowUp.STOP_UNDOCUMENTED))


def test_with_bytes_behind_it_every_answer_but_a_proved_acceptance_is_a_doubt() -> None:
    for status, (conditions, case) in product(STATUSES, CASES):
        proved = conditions == {Condition.PROVED} and any(rule.condition in conditions for rule in rules_for(status))
        assert isinstance(judged(status, extra=True, **case), Accepted if proved else InDoubt), (status, conditions)


def test_the_numbers_in_the_table_are_those_of_the_code() -> None:
    assert f"{MAX_DOUBTS} within {BREAKER_WINDOW} answers" in FollowUp.LOOK_UP
    assert f"first {MIN_CERTAIN} answers" in FollowUp.FINAL_UNLESS_ALL
    assert f"at most {MAX_ATTEMPTS} tries in all" in FollowUp.LATER


def words(rule: Rule) -> str:
    """A rule as a row of the page."""
    statuses = ", ".join(NAMED.get(span) or str(span[0]) for span in rule.statuses)
    return f"| {' '.join(part for part in (statuses, rule.condition) if part)} | {rule.meaning} | {rule.follow_up} |"


def test_the_page_has_the_table_row_by_row() -> None:
    head = "| answer | meaning | what follows |\n| --- | --- | --- |\n"
    assert PAGE.count(head) == 1
    table = PAGE.partition(head)[2].partition("\n\n")[0].splitlines()
    assert table == [words(rule) for rule in (*RULES, *EXCHANGE_RULES)]
