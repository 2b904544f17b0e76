"""The table of what answers mean is what the classifier does, and what the page on reliability says."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

from sendspec.provider.answer import Answer
from sendspec.provider.answer_table import ANSWERS, OTHERWISE, Given, Meaning, Next, Row, rows_for
from sendspec.provider.classify import Sent, classify
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RefusedAsAWhole
from sendspec.sending.backlog import MAX_ATTEMPTS
from sendspec.sending.breaker import ANSWERS_LOOKED_AT, MAX_DOUBTS
from sendspec.sending.loop import FIRST_ANSWERS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
SENT = Sent("m1", "+31612345678")
STATUSES = range(200, 1_000)
NAMED = {(200, 299): "any other 2xx answer", (300, 399): "3xx", (520, 529): "52x", (200, 999): "any other status"}

CASES: dict[Given, dict[str, Any]] = {
    Given.PROVED: {"body": {"id": "1", "reference": "m1"}},
    Given.REJECTED: {"body": {"id": "1", "reference": "m1", "status": "rejected"}},
    Given.CHANNEL_MISSING: {"body": {"code": "NotFound", "message": "channel not found"}},
    Given.TRUSTED: {"trust_503": True},
    Given.ALWAYS: {},
}
"""What makes each condition true, and no other one."""


def judged(status: int, body: Any = None, *, trust_503: bool = False, extra: bool = False) -> Outcome:
    answer = Answer(status, {"retry-after": "1"}, json.dumps(body or {}).encode(), True)
    return classify(answer, SENT, first=False, trust_503=trust_503, extra=extra)


def meaning_of(outcome: Outcome) -> Meaning:
    return {
        Accepted: Meaning.ACCEPTED, Refused: Meaning.REFUSED, NotProcessed: Meaning.NOT_PROCESSED,
        RefusedAsAWhole: Meaning.RUN_REFUSED, InDoubt: Meaning.IN_DOUBT, NotSent: Meaning.NOT_SENT,
    }[type(outcome)]  # fmt: skip


def test_each_status_means_what_its_rows_say() -> None:
    """Under each condition that a row of the status names, that row; under none of them, the first without a condition."""
    for status, (given, case) in product(STATUSES, CASES.items()):
        rows = rows_for(status)
        row = next((row for row in rows if row.given is given), None) or next(
            row for row in rows if row.given is Given.ALWAYS
        )
        outcome = judged(status, **case)
        assert meaning_of(outcome) is row.meaning, (status, given)
        if isinstance(outcome, InDoubt):
            assert outcome.senseless is (row.then is Next.PROBE)
            assert outcome.stops is (row.then in (Next.STOP_REDIRECTED, Next.STOP_UNDOCUMENTED))


def test_with_bytes_behind_it_every_answer_but_a_proved_acceptance_is_a_doubt() -> None:
    for status, (given, case) in product(STATUSES, CASES.items()):
        proved = given is Given.PROVED and any(row.given is given for row in rows_for(status))
        assert isinstance(judged(status, extra=True, **case), Accepted if proved else InDoubt), (status, given)


def test_the_numbers_in_the_table_are_those_of_the_code() -> None:
    assert f"{MAX_DOUBTS} within {ANSWERS_LOOKED_AT} answers" in Next.LOOK_UP
    assert f"first {FIRST_ANSWERS} answers" in Next.FINAL_UNLESS_ALL
    assert f"at most {MAX_ATTEMPTS} times" in Next.LATER


def words(row: Row) -> str:
    """A row as the page has it."""
    statuses = ", ".join(NAMED.get(span) or str(span[0]) for span in row.statuses)
    return f"| {' '.join(part for part in (statuses, row.given) if part)} | {row.meaning} | {row.then} |"


def test_the_page_has_the_table_row_by_row() -> None:
    head = "| answer | meaning | what follows |\n| --- | --- | --- |\n"
    assert PAGE.count(head) == 1
    table = PAGE.partition(head)[2].partition("\n\n")[0].splitlines()
    assert table == [words(row) for row in (*ANSWERS, *OTHERWISE)]
