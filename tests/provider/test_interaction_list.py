"""The interactions with one message: what is asked for, and what can be read of a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.interaction_entry import read_interaction
from sendspec.provider.interaction_list import InteractionPage, interactions_query, read_interactions


def entry(number: int, message: str = "m-1") -> dict[str, Any]:
    return {"id": f"act-{number}", "messageId": message, "type": "clicked", "createdAt": "2026-11-24T09:00:00Z"}


def read(body: Any) -> InteractionPage | None:
    return read_interactions(HttpResponse(200, {}, json.dumps(body).encode(), reusable=True), "m-1")


def test_a_message_is_asked_for_by_its_id_page_by_page() -> None:
    assert interactions_query("m-1", None) == "/m-1/interactions"
    assert interactions_query("m-1", "a&b") == "/m-1/interactions?pageToken=a%26b"
    assert interactions_query("..", None) is None
    assert interactions_query("hidden:00", None) is None


def test_what_is_of_another_message_or_can_not_be_read_is_counted() -> None:
    page = read({"results": [entry(1), entry(2, "m-2"), {}, entry(3)], "nextPageToken": "more"})
    assert page is not None
    assert ([one.id for one in page.entries], page.skipped, page.token) == (["act-1", "act-3"], 2, "more")
    assert read({"results": [], "nextPageToken": ""}) == InteractionPage([], 0, None)


@pytest.mark.parametrize("body", [[], {}, {"results": {}}, {"results": [], "nextPageToken": 5}])
def test_anything_else_is_no_page(body: Any) -> None:
    assert read(body) is None


@pytest.mark.parametrize("odd", ["x", None, {**entry(1), "createdAt": "soon"}, {**entry(1), "createdAt": None}])
def test_an_entry_that_is_none_or_has_no_time_is_not_read(odd: Any) -> None:
    assert read_interaction(odd) is None
    page = read({"results": [odd, entry(1)]})
    assert page is not None
    assert ([one.id for one in page.entries], page.skipped) == (["act-1"], 1)
