"""What a failure means: the network's own codes before the API's, an unknown one in the API's words only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sendspec.ledger.delivery.observation import UNDELIVERED, FailureReason
from sendspec.provider.failure_words import (
    ADVICE,
    NOT_KNOWN,
    ROWS,
    SMS,
    Certainty,
    FailureKind,
    code_words,
    failure_words,
    table_rows,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "delivery.md"


@pytest.mark.parametrize(
    ("status", "reason", "kind", "certainty"),
    [
        ("delivery_failed", FailureReason("unknown subscriber", 15005, SMS, "1"), "dead_number", "documented"),
        ("delivery_failed", FailureReason("Unknown Subscriber"), "dead_number", "documented"),
        ("delivery_failed", FailureReason("unknown subscriber", 15005, SMS, "11"), "landline", "guessed"),
        ("delivery_failed", FailureReason("received network error", 15001, SMS, "34"), "network", "documented"),
        ("delivery_failed", FailureReason("dlr not received", None, SMS, "0"), "expired", "documented"),
        ("delivery_failed", FailureReason("", 15099, SMS, "104"), "sender", "seen"),
        ("delivery_failed", FailureReason("", 15099, SMS, "0"), "unknown", "documented"),
        ("sending_failed", FailureReason("unsupported destination", 12003, "pre-processing", "12003"), "sender", "documented"),
        ("sending_failed", FailureReason("x", 12099), "before_sending", "documented"),
        ("sending_failed", FailureReason("x", None, "pre-processing"), "before_sending", "documented"),
        ("sending_failed", FailureReason("x", 14001, "contact"), "opted_out", "guessed"),
        ("sending_failed", FailureReason("x", 14001, "accounting"), "balance", "guessed"),
        ("rejected", FailureReason("x", 11003), "content", "documented"),
        ("rejected", None, "content", "documented"),
        ("skipped", None, "withheld", "guessed"),
        ("delivery_failed", FailureReason("a new word", 15777, "email-messagebird", "9"), "unknown", "unknown"),
        ("delivery_failed", FailureReason("", 1, "another", "1"), "unknown", "unknown"),
        ("delivery_failed", None, "unknown", "unknown"),
    ],
)  # fmt: skip
def test_each_failure_has_a_kind_and_a_certainty(
    status: str, reason: FailureReason | None, kind: str, certainty: str
) -> None:
    found = failure_words(status, reason)
    assert (found.kind, found.certainty) == (FailureKind(kind), Certainty(certainty))
    assert found.advice == ADVICE[found.kind]
    assert (found is NOT_KNOWN) == (certainty == "unknown") == (not found.meaning)


@pytest.mark.parametrize(
    ("code", "kind"), [(12_003, "sender"), (1, "dead_number"), (11_500, "content"), (15_005, "unknown")]
)
def test_a_code_alone_says_what_it_can(code: int, kind: str) -> None:
    assert code_words(code).kind == FailureKind(kind)
    assert (code_words(code) is NOT_KNOWN) == (kind == "unknown")


def test_every_row_is_reached_by_what_it_names() -> None:
    for row in ROWS:
        reason = FailureReason(
            (row.reasons or ("",))[0], row.until or row.code, row.source, (row.source_codes or ("",))[0]
        )
        assert failure_words(row.status or UNDELIVERED[0], reason) is row.means


def test_each_advice_begins_with_a_verb_and_is_one_line() -> None:
    assert set(ADVICE) == set(FailureKind)
    assert all(re.fullmatch(r"[a-z][^\n]{10,90}", advice) for advice in ADVICE.values())


def test_the_page_has_the_table() -> None:
    lines = ["| " + " | ".join(row) + " |" for row in table_rows()]
    assert len(set(lines)) == len(lines) == len(ROWS)
    assert "\n".join(lines) in PAGE.read_text(encoding="utf-8")
