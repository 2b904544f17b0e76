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


@pytest.mark.parametrize("status", [200, 201, 202])
def test_200_201_and_202_are_judged_by_their_body(status: int) -> None:
    assert judged(status, {"id": "1", "reference": "m1"}) == Accepted("1")
    assert judged(status, {"id": "1", "reference": "m1"}, extra=True) == Accepted("1")
    assert isinstance(judged(status, {"id": "1", "reference": "m1", "status": "rejected"}), Refused)
    assert judged(status, {}) == InDoubt(f"HTTP {status} without an id", status, invalid_acceptance=True)


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
        assert outcome == InDoubt(f"HTTP {status} Odd words, which the API does not document", status, stops_run=True)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_a_redirect_is_a_doubt_that_stops_the_run(status: int) -> None:
    assert judged(status, b"") == InDoubt(f"HTTP {status}, a redirect", status, stops_run=True)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 421, 422, 425, 429])
def test_with_bytes_behind_it_an_answer_without_a_reference_proves_nothing(status: int) -> None:
    outcome = judged(status, retry_after="0", extra=True)
    assert outcome == InDoubt(f"HTTP {status} with more bytes behind it", status)
    assert not isinstance(judged(status, retry_after="0"), InDoubt)


def test_with_bytes_behind_it_a_trusted_503_proves_nothing() -> None:
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


@pytest.mark.parametrize("status", [421, 425, 429])
def test_what_is_documented_as_not_processed_may_be_sent_again(status: int) -> None:
    assert judged(status, retry_after="7") == NotProcessed(status, 7.0)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 529])
def test_an_error_of_the_server_is_a_doubt(status: int) -> None:
    doubt = InDoubt(f"HTTP {status}", status)
    assert judged(status, {"id": "1", "reference": "m1"}, retry_after="1") == doubt
    assert judged(status, extra=True) == doubt


def test_a_503_is_trusted_only_on_request_and_with_retry_after() -> None:
    assert judged(503, trust_503=True, retry_after="1") == NotProcessed(503, 1.0)
    assert isinstance(judged(503, trust_503=True), InDoubt)
