"""What a single response means, by its status, its body and what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, Refused, RunRefused

SENT = SentMessage("m1", "+31612345678")


def answer(status: int, body: Any = None, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, reusable=True)


def judged(
    status: int, body: Any = None, *, first: bool = False, trust_503: bool = False, extra: bool = False, **headers: str
) -> Any:
    return classify(answer(status, body, **headers), SENT, first=first, trust_503=trust_503, extra=extra)


ECHO = {"receiver": {"contacts": [{"identifierValue": "+31612345678"}]}}


SENSELESS: dict[str, Any] = {
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


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_acceptance_needs_an_id_and_our_reference(status: int) -> None:
    assert judged(status, {"id": "1", "reference": "m1"}) == Accepted("1")


def test_a_receiver_is_looked_for_among_contacts_that_are_none() -> None:
    contacts = [None, "+31612345678", {"identifierValue": 7}, {"id": "+31612345678"}]
    assert judged(202, {"id": "1", "receiver": {"contacts": contacts}}) == Accepted("1")
    for receiver in (
        {"contacts": contacts[:3]},
        {"contacts": 7},
        {"contacts": {"id": "+31612345678"}},
        ["+31612345678"],
        "+31612345678",
    ):
        outcome = judged(202, {"id": "1", "receiver": receiver})
        assert isinstance(outcome, InDoubt)
        assert outcome.invalid_acceptance


def test_an_id_has_a_length() -> None:
    assert judged(202, {"id": "i" * 200, "reference": "m1"}) == Accepted("i" * 200)
    assert isinstance(judged(202, {"id": "i" * 201, "reference": "m1"}), InDoubt)


@pytest.mark.parametrize(
    ("details", "text"),
    [
        (None, "422 code words"),
        ({".to": "too short"}, "422 code words; .to: too short"),
        ({".to": ["a", "b", "c", "d"]}, "422 code words; .to: a, b, c"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "422 code words; a: 1; b: 2; c: 3"),
        (["of no kind"], "422 code words"),
    ],
)
def test_a_refusal_says_what_the_api_says(details: Any, text: str) -> None:
    assert judged(422, {"code": "code", "message": "words", "details": details}) == Refused(422, text)


def test_where_the_answer_has_no_reference_our_receiver_is_enough() -> None:
    assert judged(202, {"id": "1", **ECHO}) == Accepted("1")
    assert judged(202, {"id": "1", "reference": None, **ECHO}) == Accepted("1")


@pytest.mark.parametrize("what", SENSELESS)
def test_an_acceptance_that_makes_no_sense_is_a_doubt(what: str) -> None:
    outcome = judged(202, SENSELESS[what])
    assert isinstance(outcome, InDoubt)
    assert outcome.invalid_acceptance


@pytest.mark.parametrize("status", [203, 204, 206, 226])
def test_another_2xx_is_a_doubt(status: int) -> None:
    outcome = judged(status, {"id": "1", "reference": "m1"})
    assert isinstance(outcome, InDoubt)
    assert outcome.invalid_acceptance


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_documented_refusal_is_one_whatever_its_body_is(status: int) -> None:
    for body in (b"<html>", b"", {"code": "x", "message": "y"}):
        assert isinstance(judged(status, body), Refused)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_key_balance_and_rights_concern_the_whole_run(status: int) -> None:
    assert isinstance(judged(status), RunRefused)


def test_a_404_concerns_the_run_when_it_names_the_channel_or_comes_first() -> None:
    assert isinstance(judged(404, first=True), RunRefused)
    named = {"code": "NotFound", "message": "The requested resource does not exist: channel not found"}
    assert isinstance(judged(404, named), RunRefused)
    assert isinstance(judged(404, {"code": "NotFound", "message": "contact not found"}), Refused)


@pytest.mark.parametrize(
    "status", [405, 406, 410, 411, 413, 414, 415, 417, 418, 431, 451, 501, 505, 507, 530, 599, 999]
)
def test_a_status_that_nobody_documents_is_a_doubt_that_stops_the_run(status: int) -> None:
    body = {"code": "Odd", "message": "words"}
    for outcome in (judged(status, body), judged(status, body, first=True, trust_503=True, extra=True)):
        assert outcome == InDoubt(
            f"an answer {status} Odd words, which the API does not document", status, stops_run=True
        )


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_a_redirect_is_a_doubt_that_stops_the_run(status: int) -> None:
    assert judged(status, b"") == InDoubt(f"an answer {status}, which leads elsewhere", status, stops_run=True)


@pytest.mark.parametrize("status", ["REJECTED", " rejected ", ["rejected"], {"value": "rejected"}, 7, False])
def test_a_status_in_another_spelling_proves_nothing(status: Any) -> None:
    found = judged(202, {"id": "1", "reference": "m1", "status": status})
    assert isinstance(found, InDoubt)
    assert found.invalid_acceptance


def test_an_acceptance_that_says_rejected_is_a_refusal_with_the_apis_reason() -> None:
    rejected = {"id": "1", "reference": "m1", "status": "rejected"}
    assert judged(202, rejected) == Refused(202, "202 rejected", "1")
    assert judged(200, {"id": "1", "status": "rejected", **ECHO}) == Refused(200, "200 rejected", "1")
    why = {"reason": "no route", "details": "no_route", "failure": {"code": 1, "description": "for +31612345678"}}
    assert judged(202, {**rejected, **why}) == Refused(202, "202 rejected: no route; no_route; for ••••••", "1")
    assert judged(202, {**rejected, "reason": 7, "details": ["x"], "failure": "x"}) == Refused(202, "202 rejected", "1")
    assert judged(202, {**rejected, "reason": "x", "details": "x", "failure": None}) == Refused(
        202, "202 rejected: x", "1"
    )


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 421, 422, 425, 429])
def test_with_bytes_behind_it_an_answer_without_a_reference_proves_nothing(status: int) -> None:
    outcome = judged(status, retry_after="0", extra=True)
    assert outcome == InDoubt(f"an answer {status} with more bytes behind it", status)
    assert not isinstance(judged(status, retry_after="0"), InDoubt)


def test_with_bytes_behind_it_only_our_reference_proves_an_acceptance() -> None:
    assert judged(202, {"id": "1", "reference": "m1"}, extra=True) == Accepted("1")
    for body in ({"id": "1", **ECHO}, {"id": "1", "reference": "m1", "status": "rejected"}):
        outcome = judged(202, body, extra=True)
        assert isinstance(outcome, InDoubt)
        assert outcome.invalid_acceptance
        assert "more bytes behind it" in outcome.evidence
    assert isinstance(judged(503, trust_503=True, retry_after="1", extra=True), InDoubt)


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": "a\\ud83d", "message": "b\\ude00"}',
        b'{"code": "a", "message": "b", "details": {"c\\ud83d": ["d"], "e": ["\\udfff"], "f": "\\ud800"}}',
    ],
)
def test_half_a_character_in_the_apis_words_is_replaced(body: bytes) -> None:
    outcome = judged(422, body)
    assert isinstance(outcome, Refused)
    assert "\ufffd" in outcome.text
    outcome.text.encode("utf-8")


def test_a_whole_character_in_two_halves_is_none_that_is_replaced() -> None:
    assert judged(422, b'{"code": "a", "message": "\\ud83d\\ude00"}') == Refused(422, "422 a \U0001f600")


@pytest.mark.parametrize("identity", ["a\\ud83d", "\\ude00", "a\\u0000", "a\\n", "\\u202ea"])
def test_what_can_not_be_printed_is_no_id(identity: str) -> None:
    outcome = judged(202, b'{"id": "%b", "reference": "m1"}' % identity.encode())
    assert outcome == InDoubt("an answer 202 without an id", 202, invalid_acceptance=True)


@pytest.mark.parametrize("status", [421, 425, 429])
def test_what_is_documented_as_not_processed_may_be_sent_again(status: int) -> None:
    assert judged(status, retry_after="7") == NotProcessed(status, 7.0)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 529])
def test_an_error_of_the_server_is_a_doubt(status: int) -> None:
    doubt = InDoubt(f"an answer {status}", status)
    assert judged(status, {"id": "1", "reference": "m1"}, retry_after="1") == doubt
    assert judged(status, extra=True) == doubt


def test_a_503_is_trusted_only_on_request_and_with_retry_after() -> None:
    assert judged(503, trust_503=True, retry_after="1") == NotProcessed(503, 1.0)
    assert isinstance(judged(503, trust_503=True), InDoubt)
