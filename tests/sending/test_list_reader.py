"""The API's list, read over a real socket: page by page, asked again where that helps, and never taken for more than it shows."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sendspec.diagnostics.clock import Clock
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.message_list import MAX_PAGE_BYTES, Sighting
from sendspec.sending.connection import Connection
from sendspec.sending.list_reader import (
    RECONCILE_BOUNDS,
    ListAbandoned,
    ListBounds,
    ListReader,
    ListTooLong,
    ListUnread,
)

SLEPT: list[float] = []


CLOCK = Clock(monotonic=time.monotonic, wall=time.time, sleep=SLEPT.append, random=lambda: 0.5)


def page(messages: list[Any], token: str | None = None) -> bytes:
    return json.dumps({"results": messages, "nextPageToken": token}).encode()


def message(number: int, **more: Any) -> dict[str, Any]:
    contacts = [{"id": "c1", "identifierValue": "+447700900001"}]
    return {
        "id": f"id-{number}",
        "reference": f"m{number}",
        "receiver": {"contacts": contacts},
        "status": "sent",
        **more,
    }


def listing(
    port: int, *, timeout: float = 5.0, stopped: bool = False, bounds: ListBounds = RECONCILE_BOUNDS
) -> ListReader:
    endpoint = Endpoint(
        scheme="http", host="127.0.0.1", port=port, authority=f"127.0.0.1:{port}", path="/workspaces/w/channels/c/messages",
        authorization="AccessKey canary", peer_allowed=lambda peer: True,
    )  # fmt: skip
    SLEPT.clear()
    return ListReader(Connection(endpoint, None, CLOCK.monotonic), CLOCK, timeout, lambda: stopped, bounds)


def read(helpers: Any, answers: list[bytes | None], **options: Any) -> tuple[list[list[Sighting]], list[str]]:
    """The pages that these answers make, and the requests' targets."""
    asked: list[str] = []

    def script(connection: Any, number: int) -> None:
        while asked is not None and (request := connection.recv(65_536)):
            asked.append(request.split(b" ")[1].decode())
            answer = answers[len(asked) - 1]
            if answer is None:
                return
            connection.sendall(answer)

    with helpers.raw_server(script) as server:
        lister = listing(server.port, **options)
        try:
            return list(lister.pages(0.0, 1_000.0)), asked
        finally:
            lister.close()


def test_every_page_is_read_and_says_what_is_needed(helpers: Any) -> None:
    answers = [
        helpers.http(200, page([message(1), message(2, status="rejected")], "two words")),
        helpers.http(
            200, page([message(3, receiver=None, createdAt="1970-01-01T00:01:40.5Z"), {"id": "x", "reference": None}])
        ),
    ]
    pages, asked = read(helpers, answers)
    assert pages == [
        [
            Sighting("id-1", "m1", frozenset({"c1", "+447700900001"}), False),
            Sighting("id-2", "m2", frozenset({"c1", "+447700900001"}), True),
        ],
        [Sighting("id-3", "m3", frozenset(), False, 100.5), Sighting("x", "", frozenset(), False)],
    ]
    first, second = (parse_qs(urlsplit(target).query) for target in asked)
    assert first == {
        "direction": ["outgoing"], "limit": ["1000"], "startAt": ["1970-01-01T00:00:00.000Z"],
        "endAt": ["1970-01-01T00:16:40.000Z"],
    }  # fmt: skip
    assert second["pageToken"] == ["two words"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_passes_is_asked_again(helpers: Any, status: int) -> None:
    answers = [helpers.http(status), helpers.http(status), helpers.http(200, page([message(1)]))]
    assert len(read(helpers, answers)[0]) == 1
    with pytest.raises(ListUnread, match=str(status)):
        read(helpers, [helpers.http(status)] * 3)


def test_it_waits_as_long_as_it_is_asked_to_and_not_beyond_reason(helpers: Any) -> None:
    read(helpers, [helpers.http(429, b"{}", "Retry-After: 7"), helpers.http(200, page([]))])
    assert sum(SLEPT) == 7.0
    with pytest.raises(ListUnread, match="429"):
        read(helpers, [helpers.http(429, b"{}", "Retry-After: 600")])
    assert SLEPT == []


def test_a_dropped_connection_is_opened_again(helpers: Any) -> None:
    assert len(read(helpers, [None, helpers.http(200, page([message(1)]))])[0]) == 1


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_refusal_of_the_whole_is_told_as_one(helpers: Any, status: int) -> None:
    with pytest.raises(ListUnread) as raised:
        read(helpers, [helpers.http(status, b'{"code": "x", "message": "no"}')])
    assert raised.value.refusal is not None
    assert raised.value.refusal.http_status == status


def test_another_refusal_is_not_asked_again(helpers: Any) -> None:
    with pytest.raises(ListUnread, match=r"answers 400 TooLong$") as raised:
        read(helpers, [helpers.http(400, b'{"code": "TooLong", "message": "no"}')])
    assert raised.value.refusal is None


def test_when_nobody_waits_any_more_it_is_not_asked(helpers: Any) -> None:
    with pytest.raises(ListAbandoned):
        read(helpers, [], stopped=True)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"{}", b'{"results": {}}', b'{"results": [], "nextPageToken": 5}', b'{"results": [\xff]}',
        b'{"results": [], "nextPageToken": "\\ud83d"}', b'{"results": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_page_that_is_not_the_documented_json_is_asked_for_again_and_is_no_page(helpers: Any, body: bytes) -> None:
    with pytest.raises(ListUnread, match="not the documented JSON"):
        read(helpers, [helpers.http(200, body)] * 3)
    assert len(read(helpers, [helpers.http(200, body), helpers.http(200, page([message(1)]))])[0]) == 1


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones_from_the_beginning(helpers: Any) -> None:
    large = helpers.http(200, b"x" * (MAX_PAGE_BYTES + 1))
    answers = [
        helpers.http(200, page([message(1)], "t")), large, large, helpers.http(200, page([message(1), message(2)])),
    ]  # fmt: skip
    pages, asked = read(helpers, answers)
    assert [sighting.remote_id for one in pages for sighting in one] == ["id-1", "id-1", "id-2"]
    queries = [parse_qs(urlsplit(target).query) for target in asked]
    assert [query["limit"] for query in queries] == [["1000"], ["1000"], ["100"], ["10"]]
    assert [query.get("pageToken") for query in queries] == [None, ["t"], None, None]
    with pytest.raises(ListUnread, match="larger than"):
        read(helpers, [large] * 3)


def test_no_more_pages_are_read_than_the_bounds_allow(helpers: Any) -> None:
    answers = [helpers.http(200, page([], f"t{number}")) for number in range(5)]
    with pytest.raises(ListTooLong, match="goes on after 3 pages"):
        read(helpers, answers, bounds=ListBounds(pages=3, seconds=60.0))
    with pytest.raises(ListTooLong):
        read(helpers, answers, bounds=ListBounds(pages=3, seconds=-1.0))


def test_receivers_are_asked_for_by_the_documented_filter(helpers: Any) -> None:
    asked: list[str] = []

    def script(connection: Any, number: int) -> None:
        asked.append(connection.recv(65_536).split(b" ")[1].decode())
        connection.sendall(helpers.http(200, page([])))

    with helpers.raw_server(script) as server:
        lister = listing(server.port)
        list(lister.pages(0.0, 1.0, ["+447700900001", "+447700900002"]))
        lister.close()
    assert parse_qs(urlsplit(asked[0]).query)["to"] == ["+447700900001", "+447700900002"]


def test_a_list_that_leads_round_in_a_circle_is_left(helpers: Any) -> None:
    with pytest.raises(ListUnread, match="circle"):
        read(helpers, [helpers.http(200, page([], token)) for token in ("a", "b", "a")])


def test_an_address_that_nobody_answers_is_no_list() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ListUnread, match="can't be reached"):
        list(listing(port).pages(0.0, 1.0))


def test_an_address_that_is_not_allowed_is_not_tried_again(helpers: Any) -> None:
    with helpers.raw_server(lambda connection, number: None) as server:
        endpoint = Endpoint(
            scheme="http", host="127.0.0.1", port=server.port, authority="x", path="/", authorization="k",
            peer_allowed=lambda peer: False,
        )  # fmt: skip
        SLEPT.clear()
        lister = ListReader(Connection(endpoint, None, CLOCK.monotonic), CLOCK, 5.0, lambda: False)
        with pytest.raises(ListUnread, match="private network"):
            list(lister.pages(0.0, 1.0))
    assert SLEPT == []
