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


BUTTON = {"type": "postback", "postback": {"text": "Leave", "payload": "STOP"}}


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ({}, ("in-1", ("+447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"direction": None}, ("in-1", ("+447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"id": None}, ("", ("+447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"id": "x\n"}, ("", ("+447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"createdAt": None}, ("in-1", ("+447700900001",), ("STOP",), None)),
        ({"createdAt": 7, "updatedAt": "2026-11-24T09:00:00", "lastStatusAt": "2026-11-24T10:00:00+01:00"},
         ("in-1", ("+447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"sender": {}}, ("in-1", (), ("STOP",), 1_795_510_800.0)),
        ({"sender": {"contact": {"identifierValue": 447700900001}}}, ("in-1", ("447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"sender": {"contact": {"identifierValue": "ann@example.com", "platformAddress": "+447700900001", "identifiers": [
            {"identifierValue": "+447700900002"}, {"identifierValue": " "}, 7]}}},
         ("in-1", ("ann@example.com", "+447700900001", "+447700900002"), ("STOP",), 1_795_510_800.0)),
        ({"body": {"type": "image", "image": {"text": "STOP", "images": []}}},
         ("in-1", ("+447700900001",), ("STOP",), 1_795_510_800.0)),
        ({"body": {"type": "text", "text": {"text": "Leave", "actions": [BUTTON, 7, {"type": "reply", "reply": {"text": "No"}}]}}},
         ("in-1", ("+447700900001",), ("Leave", "STOP", "No"), 1_795_510_800.0)),
    ],
)  # fmt: skip
def test_a_reply_is_read_though_something_of_it_is_missing_or_elsewhere(more: dict[str, Any], read: Any) -> None:
    found = read_incoming_page(page({"results": [reply(**more)], "nextPageToken": None}))
    assert found is not None
    assert [(one.id, one.senders, one.texts, one.at) for one in found.messages] == [read]


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
        reply(direction=7),
        reply(sender={}, body={}),
        reply(sender=[], body=[7]),
    ],
)
def test_an_entry_that_can_not_be_read_is_skipped_and_counted(entry: Any) -> None:
    found = read_incoming_page(
        page({"results": [reply(), entry, reply(id="in-2", body=None)], "nextPageToken": "more"})
    )
    assert found is not None
    assert [(each.id, each.channel, each.texts) for each in found.messages] == [
        ("in-1", "5d9a", ("STOP",)),
        ("in-2", "5d9a", ()),
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
