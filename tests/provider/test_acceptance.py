"""What proves that a 200, 201 or 202 response accepted or rejected its message, and what leaves it in doubt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.acceptance import (
    MAX_ID,
    ODD_ID,
    SentMessage,
    id_fault,
    is_id,
    outcome_of_acceptance,
    receivers_of,
)
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, Outcome, Refused
from sendspec.provider.response_redaction import NOTHING_SENT, Redaction

SENT = SentMessage("m1", "+31612345678")
ECHO = {"receiver": {"contacts": [{"identifierValue": SENT.receiver}]}}


def outcome_of(body: Any, status: int = 202, *, redaction: Redaction = NOTHING_SENT, extra: bool = False) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome_of_acceptance(HttpResponse(status, {}, raw, reusable=True), SENT, redaction, extra=extra)


def evidence_of(outcome: Outcome) -> str:
    """The evidence of a doubt that a broken acceptance leaves."""
    assert isinstance(outcome, InDoubt)
    assert outcome.invalid_acceptance
    return outcome.evidence


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_id_and_our_reference_prove_acceptance(status: int) -> None:
    assert outcome_of({"id": "1", "reference": "m1"}, status) == Accepted("1")


def test_without_a_reference_our_receiver_proves_acceptance() -> None:
    assert outcome_of({"id": "1", **ECHO}) == Accepted("1")
    assert outcome_of({"id": "1", "reference": None, **ECHO}) == Accepted("1")


UNPROVED: dict[str, Any] = {
    "empty": b"",
    "a page": b"<html>log in</html>",
    "a list": [],
    "no id": {"reference": "m1"},
    "an id of null": {"id": None, "reference": "m1"},
    "an id that is a number": {"id": 7, "reference": "m1"},
    "an empty id": {"id": "", "reference": "m1"},
    "another reference": {"id": "1", "reference": "m2"},
    "another reference beside our receiver": {"id": "1", "reference": "m2", **ECHO},
    "neither reference nor receiver": {"id": "1"},
    "another receiver": {"id": "1", "receiver": {"contacts": [{"identifierValue": "+31687654321"}]}},
    "a repeated key": b'{"id": "1", "id": "2", "reference": "m1"}',
    "NaN": b'{"id": "1", "reference": "m1", "x": NaN}',
    "bad UTF-8": b'{"id": "\xff", "reference": "m1"}',
    "depth": b'{"id": "1", "reference": "m1", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a cut object": b'{"id": "1", "reference": "m1"',
}


@pytest.mark.parametrize("what", UNPROVED)
def test_a_body_that_proves_nothing_is_a_doubt(what: str) -> None:
    assert evidence_of(outcome_of(UNPROVED[what])).startswith("HTTP 202 ")


@pytest.mark.parametrize("status", ["REJECTED", " rejected ", ["rejected"], {"value": "rejected"}, 7, False])
def test_a_status_in_another_spelling_proves_neither_acceptance_nor_refusal(status: Any) -> None:
    evidence = evidence_of(outcome_of({"id": "1", "reference": "m1", "status": status}))
    assert evidence == "HTTP 202 with a status that the API does not document"


def test_an_acceptance_that_says_rejected_is_a_refusal_with_the_apis_reason() -> None:
    rejected = {"id": "1", "reference": "m1", "status": "rejected"}
    assert outcome_of(rejected) == Refused(202, "202 rejected", "1")
    assert outcome_of({"id": "1", "status": "rejected", **ECHO}, 200) == Refused(200, "200 rejected", "1")
    why = {"reason": "no route", "details": "no_route", "failure": {"code": 1, "description": "for +31612345678"}}
    assert outcome_of({**rejected, **why}) == Refused(202, "202 rejected: no route; no_route; for ••••••", "1")
    assert outcome_of({**rejected, "reason": 7, "details": ["x"], "failure": "x"}) == Refused(202, "202 rejected", "1")
    assert outcome_of({**rejected, "reason": "x", "details": "x", "failure": None}) == Refused(
        202, "202 rejected: x", "1"
    )


def test_with_bytes_behind_it_only_our_reference_proves_an_acceptance() -> None:
    assert outcome_of({"id": "1", "reference": "m1"}, extra=True) == Accepted("1")
    for body in ({"id": "1", **ECHO}, {"id": "1", "reference": "m1", "status": "rejected"}):
        assert "more bytes behind it" in evidence_of(outcome_of(body, extra=True))


def test_an_id_that_repeats_the_receiver_proves_nothing() -> None:
    body = {"id": "msg-31612345678", "reference": "m1"}
    assert outcome_of(body) == Accepted("msg-31612345678")
    evidence = evidence_of(outcome_of(body, redaction=NOTHING_SENT.of([SENT.receiver])))
    assert evidence == "HTTP 202 with an id that repeats what was sent"


@pytest.mark.parametrize("identity", ["a\\ud83d", "\\ude00", "a\\u0000", "a\\n", "\\u202ea"])
def test_what_can_not_be_printed_is_no_id(identity: str) -> None:
    body = b'{"id": "%b", "reference": "m1"}' % identity.encode()
    assert evidence_of(outcome_of(body)) == "HTTP 202 without an id"


def test_an_id_has_1_to_200_characters() -> None:
    assert [is_id("i" * length) for length in (0, 1, MAX_ID, MAX_ID + 1)] == [False, True, True, False]


def test_receivers_are_read_from_contacts_of_any_shape() -> None:
    contacts = [None, "+31612345678", {"identifierValue": 7}, {"id": "+31612345678"}]
    assert "+31612345678" in receivers_of({"receiver": {"contacts": contacts}})
    for receiver in (
        None,
        {"contacts": contacts[:3]},
        {"contacts": 7},
        {"contacts": {"id": "+31612345678"}},
        ["+31612345678"],
        "+31612345678",
    ):
        assert "+31612345678" not in receivers_of({"receiver": receiver})


@pytest.mark.parametrize("value", ["5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01", "1", "msg_01:a.b-C", "x" * MAX_ID])
def test_letters_digits_and_four_signs_are_an_id(value: str) -> None:
    assert is_id(value)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "without an id"), (7, "without an id"), ("", "without an id"), ("x" * (MAX_ID + 1), "without an id"),
        ("a\x1b[31m", "without an id"), ("a\n", "without an id"), ("Dear Zebulon", ODD_ID), ("Зебулон", ODD_ID), ("a/b=", ODD_ID),
    ],
)  # fmt: skip
def test_anything_else_is_no_id_and_it_is_said_why(value: object, fault: str) -> None:
    assert not is_id(value)
    assert id_fault(value) == fault
