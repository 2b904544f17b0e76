"""A page of the API's list: what can be read of it, and what is skipped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.message_list import read_page


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


@pytest.mark.parametrize(
    "entry",
    [
        1, None, "x", [], {"reference": "m1"}, {"id": 5, "reference": "m1"}, {"id": "", "reference": "m1"}, {"id": "x" * 201},
        {"id": "1", "reference": 5}, {"id": "1", "reference": "\ud83d"}, {"id": "\ud83d", "reference": "m1"},
        {"id": "1", "reference": "m1", "receiver": "x"}, {"id": "1", "reference": "m1", "receiver": {"contacts": [None]}},
        {"id": "1", "reference": "m1", "receiver": {"contacts": [{"id": {}}]}},
        {"id": "1", "reference": "m1", "receiver": {"contacts": [{"identifierValue": "\udc00"}]}},
    ],
)  # fmt: skip
def test_an_entry_that_can_not_be_read_is_skipped_and_counted(entry: Any) -> None:
    found = read_page(HttpResponse(200, {}, page([message(1), entry, message(2)], "more"), reusable=True))
    assert found is not None
    assert ([sighting.remote_id for sighting in found.sightings], found.skipped, found.token) == (
        ["id-1", "id-2"],
        1,
        "more",
    )


@pytest.mark.parametrize("created", [None, 5, "yesterday", "2027-02-30T00:00:00Z", "2027-02-01T00:00:60Z"])
def test_a_time_that_can_not_be_read_is_none(created: Any) -> None:
    found = read_page(HttpResponse(200, {}, page([message(1, createdAt=created)]), reusable=True))
    assert found is not None
    assert [sighting.created_at for sighting in found.sightings] == [None]


def nested(depth: int) -> Any:
    return json.loads('{"a":[' * depth + '"Hi Ada, your code is here"' + "]}" * depth)


@pytest.mark.parametrize(
    "body",
    [{"text": "\ud83d"}, {"text": "\ud83d Hi Ada, your code is here"}, {"n": float("inf")}, nested(300), 5, [None]],
)
def test_texts_of_any_shape_that_a_reason_repeats_are_masked(body: Any) -> None:
    repeated = message(1, body=body, reason="not sent: Hi Ada, your code is here")
    found = read_page(HttpResponse(200, {}, page([repeated]), reusable=True))
    assert found is not None
    report = found.sightings[0].report
    assert report is not None
    assert report.reason is not None
    assert ("Ada" in report.reason.text) == ("Ada" not in json.dumps(body))
