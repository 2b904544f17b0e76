"""What the one response to a batch means for each of its messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.acceptance import MAX_ID, SentMessage
from sendspec.provider.batch_classification import classify_batch
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, Outcome, Refused, RunRefused

SENT = [SentMessage(f"m{n}", f"+3161234567{n}") for n in range(3)]


ENTRIES: list[Any] = [{"id": "a"}, {"id": "b"}, {"id": "c"}]


def judged(body: Any, status: int = 202, *, extra: bool = False) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(classify_batch(HttpResponse(status, {}, raw, True), SENT, first=False, trust_503=False, extra=extra))


@pytest.mark.parametrize("status", [200, 201, 202])
def test_ids_are_taken_in_the_order_of_the_request(status: int) -> None:
    assert judged({"id": "batch", "messages": ENTRIES}, status) == [Accepted("a"), Accepted("b"), Accepted("c")]


def test_references_are_looked_at_where_there_are_any() -> None:
    echoing = [{"id": str(n), "reference": one.reference} for n, one in enumerate(SENT)]
    assert judged({"messages": echoing}) == [Accepted("0"), Accepted("1"), Accepted("2")]


def test_a_message_that_is_rejected_at_once_is_refused_and_the_others_are_not() -> None:
    found = judged({"messages": [ENTRIES[0], {"id": "b", "status": "rejected"}, ENTRIES[2]]})
    assert [type(outcome) for outcome in found] == [Accepted, Refused, Accepted]


MISFITS: dict[str, Any] = {
    "a page": b"<html>log in</html>",
    "the answer to one message": {"id": "a", "reference": "m0"},
    "one id too few": {"messages": ENTRIES[:2]},
    "one id too many": {"messages": [*ENTRIES, {"id": "d"}]},
    "no messages": {"id": "batch", "messages": []},
    "a mapping of messages": {"messages": {"0": {"id": "a"}}},
    "ids without their messages": {"messages": ["a", "b", "c"]},
    "a message without an id": {"messages": [*ENTRIES[:2], {}]},
    "an id that is a number": {"messages": [*ENTRIES[:2], {"id": 3}]},
    "an id of 201 characters": {"messages": [*ENTRIES[:2], {"id": "c" * 201}]},
    "one id twice": {"messages": [*ENTRIES[:2], {"id": "a"}]},
    "references in another order": {"messages": [{"id": str(n), "reference": f"m{2 - n}"} for n in range(3)]},
    "a cut object": b'{"messages": [{"id": "a"}, {"id": "b"}, {"id": "c"}]',
    "nothing": b"",
    "a list": ENTRIES,
    "no list of messages": {"results": ENTRIES},
    "null for a list": {"messages": None},
    "null for a message": {"messages": [*ENTRIES[:2], None]},
    "two lists": b'{"messages": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "messages": []}',
    "two ids for one message": b'{"messages": [{"id": "a", "id": "z"}, {"id": "b"}, {"id": "c"}]}',
    "an id of null": {"messages": [*ENTRIES[:2], {"id": None}]},
    "an empty id": {"messages": [*ENTRIES[:2], {"id": ""}]},
    "a list for an id": {"messages": [*ENTRIES[:2], {"id": ["c"]}]},
    "the reference of nobody": {"messages": [*ENTRIES[:2], {"id": "c", "reference": "m9"}]},
    "a list for a reference": {"messages": [*ENTRIES[:2], {"id": "c", "reference": ["m2"]}]},
    "ids of a batch that was rejected": {"id": "x", "messages": ENTRIES, "status": "rejected"},
    "a batch with a list for a status": {"messages": ENTRIES, "status": ["rejected"]},
    "a message rejected in capitals": {"messages": [*ENTRIES[:2], {"id": "c", "status": "REJECTED"}]},
    "the receiver of the next message": {
        "messages": [
            {"id": str(n), "receiver": {"contacts": [{"identifierValue": f"+3161234567{(n + 1) % 3}"}]}}
            for n in range(3)
        ]
    },
    "an empty reference": {"messages": [*ENTRIES[:2], {"id": "c", "reference": ""}]},
}


@pytest.mark.parametrize("what", MISFITS)
def test_an_answer_that_does_not_fit_leaves_the_whole_batch_in_doubt(what: str) -> None:
    found = judged(MISFITS[what])
    assert len(found) == 3
    assert all(isinstance(outcome, InDoubt) and outcome.invalid_acceptance for outcome in found)
    assert len({outcome.evidence for outcome in found}) == 1
    assert found[0].evidence.startswith("HTTP 202 ")


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ({"messages": ENTRIES, "status": "rejected"}, "that lists ids and is rejected as a whole"),
        ({"messages": ENTRIES, "status": ["rejected"]}, "with a status that the API does not document"),
        ({"messages": ENTRIES[:2], "status": "rejected"}, "that lists 2 messages of 3"),
    ],
)
def test_the_evidence_names_the_first_fault_of_the_answer(what: Any, fault: str) -> None:
    assert {outcome.evidence for outcome in judged(what)} == {f"HTTP 202 {fault}"}


def test_an_id_may_be_as_long_as_ids_are() -> None:
    assert judged({"messages": [*ENTRIES[:2], {"id": "c" * MAX_ID}]})[2] == Accepted("c" * MAX_ID)


def test_a_message_without_a_reference_is_taken_by_its_place() -> None:
    entries = [{"id": "a", "reference": "m0"}, {"id": "b", "reference": None}, {"id": "c"}]
    assert judged({"messages": entries}) == [Accepted("a"), Accepted("b"), Accepted("c")]


def test_with_bytes_behind_it_a_batch_is_believed_only_where_every_message_has_its_reference() -> None:
    echoing = [{"id": str(n), "reference": one.reference} for n, one in enumerate(SENT)]
    assert judged({"messages": echoing}, extra=True) == [Accepted("0"), Accepted("1"), Accepted("2")]
    for entries in (ENTRIES, [*echoing[:2], {"id": "2"}], [*echoing[:2], {**echoing[2], "status": "rejected"}]):
        found = judged({"messages": entries}, extra=True)
        assert len(found) == 3
        assert all(isinstance(outcome, InDoubt) and outcome.invalid_acceptance for outcome in found)
        assert "more bytes behind it" in found[0].evidence


def test_a_rejected_message_has_its_reason_and_its_id() -> None:
    entries = [
        *ENTRIES[:2],
        {"id": "c", "status": "rejected", "failure": {"code": 11002, "description": "invalid input"}},
    ]
    assert judged({"messages": entries})[2] == Refused(202, "202 rejected: invalid input", "c")


def test_an_id_with_half_a_character_is_none() -> None:
    found = judged(b'{"messages": [{"id": "a"}, {"id": "b\\ud83d"}, {"id": "c"}]}')
    assert {outcome.evidence for outcome in found} == {"HTTP 202 that has a message without an id"}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (422, Refused(422, "422 code words")),
        (413, InDoubt("HTTP 413 code words, which the API does not document", 413, stops_run=True)),
        (401, RunRefused(401, "401 code words")),
        (404, Refused(404, "404 code words")),
        (429, NotProcessed(429, 3.0)),
        (503, InDoubt("HTTP 503", 503)),
        (204, InDoubt("HTTP 204, which is not an acceptance", 204, invalid_acceptance=True)),
        (307, InDoubt("HTTP 307, a redirect", 307, stops_run=True)),
    ],
)
def test_any_other_answer_concerns_every_message(status: int, outcome: Outcome) -> None:
    answer = HttpResponse(status, {"retry-after": "3"}, b'{"code": "code", "message": "words"}', True)
    assert classify_batch(answer, SENT, first=False, trust_503=False, extra=False) == [outcome] * 3


def test_the_first_answer_and_a_trusted_503_are_judged_as_for_one_message() -> None:
    answer = HttpResponse(404, {}, b"", True)
    assert classify_batch(answer, SENT, first=True, trust_503=False, extra=False) == [RunRefused(404, "404")] * 3
    answer = HttpResponse(503, {"retry-after": "3"}, b"", True)
    assert classify_batch(answer, SENT, first=False, trust_503=True, extra=False) == [NotProcessed(503, 3.0)] * 3


def references(request: bytes) -> list[str]:
    return [one["reference"] for one in json.loads(request.partition(b"\r\n\r\n")[2])["messageRequests"]]
