"""The API's list, read over a real socket: page by page, asked again where that helps, and never taken for more than it shows."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.sending.listing import Listing, ListUnread, Sighting
from runner.sending.run import Clock
from runner.sending.wire import Endpoint, Line

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


def listing(port: int, *, timeout: float = 5.0, stopped: bool = False) -> Listing:
    endpoint = Endpoint(
        scheme="http", host="127.0.0.1", port=port, authority=f"127.0.0.1:{port}", path="/workspaces/w/channels/c/messages",
        authorization="AccessKey canary", peer_allowed=lambda peer: True,
    )  # fmt: skip
    SLEPT.clear()
    return Listing(Line(endpoint, None, CLOCK.monotonic), CLOCK, timeout, lambda: stopped)


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
        helpers.http(200, page([message(3, receiver=None), {"id": "x", "reference": None}])),
    ]
    pages, asked = read(helpers, answers)
    assert pages == [
        [
            Sighting("id-1", "m1", frozenset({"c1", "+447700900001"}), False),
            Sighting("id-2", "m2", frozenset({"c1", "+447700900001"}), True),
        ],
        [Sighting("id-3", "m3", frozenset(), False)],
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
    assert SLEPT == [7.0]
    with pytest.raises(ListUnread, match="429"):
        read(helpers, [helpers.http(429, b"{}", "Retry-After: 600")])
    assert SLEPT == []


def test_a_dropped_connection_is_made_anew(helpers: Any) -> None:
    assert len(read(helpers, [None, helpers.http(200, page([message(1)]))])[0]) == 1


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_refusal_of_the_whole_is_told_as_one(helpers: Any, status: int) -> None:
    with pytest.raises(ListUnread) as raised:
        read(helpers, [helpers.http(status, b'{"code": "x", "message": "no"}')])
    assert raised.value.refusal is not None
    assert raised.value.refusal.http_status == status


def test_another_refusal_is_not_asked_again(helpers: Any) -> None:
    with pytest.raises(ListUnread, match="400 x no") as raised:
        read(helpers, [helpers.http(400, b'{"code": "x", "message": "no"}')])
    assert raised.value.refusal is None


def test_when_nobody_waits_any_more_it_is_not_asked_again(helpers: Any) -> None:
    with pytest.raises(ListUnread):
        read(helpers, [helpers.http(500)], stopped=True)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"{}", b'{"results": {}}', b'{"results": [1]}', b'{"results": [{"reference": "m1"}]}',
        b'{"results": [{"id": 5, "reference": "m1"}]}', b'{"results": [], "nextPageToken": 5}',
        b'{"results": [{"id": "1", "reference": "m1", "receiver": "x"}]}', b'{"results": [\xff]}',
    ],
)  # fmt: skip
def test_a_page_that_is_not_the_documented_json_is_no_page(helpers: Any, body: bytes) -> None:
    with pytest.raises(ListUnread, match="not the documented JSON"):
        read(helpers, [helpers.http(200, body)])


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
        lister = Listing(Line(endpoint, None, CLOCK.monotonic), CLOCK, 5.0, lambda: False)
        with pytest.raises(ListUnread, match="private network"):
            list(lister.pages(0.0, 1.0))
    assert SLEPT == []
