"""Responses to batches over a real socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.planning.message_state import State
from sendspec.sending.ending import Finished


def references(request: bytes) -> list[str]:
    return [one["reference"] for one in json.loads(request.partition(b"\r\n\r\n")[2])["messageRequests"]]


def taken(helpers: Any, request: bytes, **more: str) -> bytes:
    """The acceptance of a batch, with each message's reference as its id."""
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
    assert result.doubts[0].text == "HTTP 202 with the id of another message"


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
