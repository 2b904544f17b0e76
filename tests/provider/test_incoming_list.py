"""The API's list of what people sent: what is asked for, and what can be read of a page."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.incoming_list import incoming_query, read_incoming_page


def reply(**more: Any) -> dict[str, Any]:
    return {
        "id": "in-1",
        "direction": "incoming",
        "channelId": "5D9A",
        "sender": {"contact": {"identifierValue": "+447700900001"}},
        "body": {"type": "text", "text": {"text": "STOP"}},
        "createdAt": "2026-11-24T09:00:00Z",
        **more,
    }


def page(body: Any) -> HttpResponse:
    return HttpResponse(200, {}, body if isinstance(body, bytes) else json.dumps(body).encode(), reusable=True)


def test_the_query_asks_for_what_came_in_page_by_page() -> None:
    assert parse_qs(incoming_query(0.0, 60.0, None, 1_000)[1:]) == {
        "direction": ["incoming"], "limit": ["1000"], "startAt": ["1970-01-01T00:00:00.000Z"], "endAt": ["1970-01-01T00:01:00.000Z"],
    }  # fmt: skip
    assert parse_qs(incoming_query(0.0, 60.0, "a&b", 10)[1:])["pageToken"] == ["a&b"]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        "x",
        {},
        reply(direction="outgoing"),
        reply(id="x\n"),
        reply(createdAt="now"),
        reply(sender={}),
        reply(sender=[]),
    ],
)
def test_an_entry_that_can_not_be_read_is_skipped_and_counted(entry: Any) -> None:
    found = read_incoming_page(
        page({"results": [reply(), entry, reply(id="in-2", body=None)], "nextPageToken": "more"})
    )
    assert found is not None
    assert [(each.id, each.channel, each.text) for each in found.messages] == [
        ("in-1", "5d9a", "STOP"),
        ("in-2", "5d9a", ""),
    ]
    assert (found.skipped, found.token) == (1, "more")


def test_the_last_page_leads_nowhere() -> None:
    pages: tuple[dict[str, Any], ...] = (
        {"results": []},
        {"results": [], "nextPageToken": ""},
        {"results": [], "nextPageToken": None},
    )
    for last in pages:
        found = read_incoming_page(page(last))
        assert found is not None
        assert (found.messages, found.token) == ([], None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", {"results": {}}, {"results": [], "nextPageToken": 5}, {}])
def test_anything_else_is_no_page(body: Any) -> None:
    assert read_incoming_page(page(body)) is None
