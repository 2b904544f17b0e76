"""Answers to several messages at once: believed as a whole or not at all, and never another batch's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.planning.message_state import State
from sendspec.provider.acceptance import MAX_ID, SentMessage
from sendspec.provider.batch_classification import classify_batch
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, Outcome, Refused, RunRefused
from sendspec.sending.ending import Finished

SENT = [SentMessage(f"m{n}", f"+3161234567{n}") for n in range(3)]
ENTRIES: list[Any] = [{"id": "a"}, {"id": "b"}, {"id": "c"}]


def judged(body: Any, status: int = 202, *, extra: bool = False) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(classify_batch(HttpResponse(status, {}, raw, True), SENT, first=False, trust_503=False, extra=extra))


# ── what an answer means ─────────────────────────────────────────────────────────────────────────────────────────────


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
    assert found[0].evidence.startswith("an answer 202 ")


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
    assert {outcome.evidence for outcome in found} == {"an answer 202 that has a message without an id"}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (422, Refused(422, "422 code words")),
        (413, InDoubt("an answer 413 code words, which the API does not document", 413, stops_run=True)),
        (401, RunRefused(401, "401 code words")),
        (404, Refused(404, "404 code words")),
        (429, NotProcessed(429, 3.0)),
        (503, InDoubt("an answer 503", 503)),
        (204, InDoubt("an answer 204, which is no acceptance", 204, invalid_acceptance=True)),
        (307, InDoubt("an answer 307, which leads elsewhere", 307, stops_run=True)),
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


# ── over a real socket ───────────────────────────────────────────────────────────────────────────────────────────────


def references(request: bytes) -> list[str]:
    return [one["reference"] for one in json.loads(request.partition(b"\r\n\r\n")[2])["messageRequests"]]


def taken(helpers: Any, request: bytes, **more: str) -> bytes:
    """The acceptance of a batch; an id is its message's reference."""
    entries = [{"id": f"id-{reference}", **more} for reference in references(request)]
    return bytes(helpers.http(202, json.dumps({"id": "batch", "messages": entries}).encode()))


def credited(ledger: Any) -> bool:
    """Whether every accepted message has the id that belongs to it."""
    accepted = [settlement for settlement in ledger.settled if settlement.to is State.ACCEPTED]
    return all(one.remote_id == f"id-m{int.from_bytes(one.id):032x}" for one in accepted)


BATCH = {"batch": 10, "concurrency": 1}


def test_a_whole_batch_is_one_request_and_the_last_one_is_what_is_left(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: taken(helpers, request))) as server:
        result, ledger = helpers.Sending(server.port, count=25, settings={"batch": 10}).run()
    assert (result.accepted, result.requests) == (25, 3)
    assert credited(ledger)
    assert server.connections <= 3


def test_an_answer_that_repeats_every_message_in_full_is_read(helpers: Any) -> None:
    text = "[" * 300 + "x" * 6_000
    script = helpers.answering(lambda n, request: taken(helpers, request, text=text))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=100, settings={"batch": 100}).run()
    assert (result.accepted, result.in_doubt, result.requests) == (100, 0, 1)


def test_an_answer_beyond_all_reason_leaves_its_batch_in_doubt(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: taken(helpers, request, text="x" * 40_000 if n == 1 else ""))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=25, settings=BATCH).run()
    assert (result.accepted, result.in_doubt) == (15, 10)


def test_a_refusal_names_the_message_that_it_is_about_and_counts_for_all(helpers: Any) -> None:
    body = {"code": "InvalidPayload", "message": "malformed", "details": {".messageRequests[3].body.text": ["missing"]}}
    refusal = helpers.http(422, json.dumps(body).encode())
    script = helpers.answering(lambda n, request: refusal if n == 2 else taken(helpers, request))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=25, settings=BATCH).run()
    assert (result.accepted, result.refused) == (15, 10)
    [cause] = result.refusals
    assert cause.count == 10
    assert ".messageRequests[3].body.text: missing" in cause.text


def test_an_answer_that_comes_twice_is_never_credited_to_the_next_batch(helpers: Any) -> None:
    """The second copy comes as the next batch is under way, and the answer to that one after it."""
    copies: list[bytes] = []

    def decide(n: int, request: bytes) -> bytes:
        own = taken(helpers, request)
        if n == 2:
            return copies[0] + own
        copies.append(own)
        return own

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, ledger = helpers.Sending(server.port, count=45, settings=BATCH).run()
    assert credited(ledger)
    assert (result.accepted, result.in_doubt) == (35, 10)
    assert isinstance(result.ending, Finished)


def test_an_id_of_a_batch_long_before_and_of_another_connection_is_credited_once(helpers: Any) -> None:
    """The fifth batch is answered as the first one was, and is the first on a connection of its own."""
    first: list[bytes] = []

    def decide(n: int, request: bytes) -> bytes:
        own = taken(helpers, request)
        first.append(own)
        return first[0] if n == 5 else own.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) if n == 4 else own

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, ledger = helpers.Sending(server.port, count=65, settings=BATCH).run()
    assert credited(ledger)
    assert (result.accepted, result.in_doubt) == (55, 10)
    assert result.doubts[0].text == "an answer 202 with the id of another message"


def test_a_stray_answer_before_that_of_a_batch_neither_refuses_nor_repeats_it(helpers: Any) -> None:
    for status in (422, 429):
        stray = helpers.http(status, b"{}", "Retry-After: 0")

        def decide(n: int, request: bytes, stray: bytes = stray) -> bytes:
            return stray + taken(helpers, request) if n == 2 else taken(helpers, request)

        with helpers.raw_server(helpers.answering(decide)) as server:
            result, ledger = helpers.Sending(server.port, count=30, settings=BATCH).run()
        assert (result.accepted, result.in_doubt, result.refused) == (20, 10, 0)
        assert set(ledger.attempt.values()) == {1}


@pytest.mark.parametrize("status", [422, 429, 500])
def test_after_anything_but_an_acceptance_the_connection_is_not_trusted_with_another_batch(
    helpers: Any, status: int
) -> None:
    stray = helpers.http(status, b"{}", "Retry-After: 0")
    script = helpers.answering(lambda n, request: stray if n == 2 else taken(helpers, request))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=45, settings=BATCH).run()
    assert server.connections == 2
    assert result.accepted == (45 if status == 429 else 35)
