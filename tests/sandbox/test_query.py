"""The list's query: pages, filters, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_client import NOW, PATH, Client, pages, payload, sandboxed


@settings(max_examples=25)
@given(st.integers(0, 25), st.integers(1, 12))
def test_the_pages_of_a_list_are_the_list_the_newest_first(count: int, limit: int) -> None:
    """Law: whatever the page size, the pages joined are every message once, in order."""
    with sandboxed() as client:
        for n in range(count):
            client.sandbox.post(PATH, json.dumps(payload(n)).encode())
        found = pages(client, f"limit={limit}")
        assert [reference for page in found for reference in page] == [f"m{n}" for n in reversed(range(count))]
        assert all(len(page) == limit for page in found[:-1])


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def test_a_list_can_be_narrowed_by_time_and_direction(client: Client) -> None:
    for n in range(5):
        client.post(payload(n))
        client.clock.now += 10
    between = f"startAt={moment(NOW + 10)}&endAt={moment(NOW + 30)}"
    assert pages(client, between) == [["m3", "m2", "m1"]]
    assert pages(client, "direction=incoming") == [[]]
    assert len(pages(client, "direction=outgoing")[0]) == 5


@pytest.mark.parametrize("name", ["to", "to[]"])
def test_a_list_can_be_narrowed_to_receivers(client: Client, name: str) -> None:
    for n in range(5):
        client.post(payload(n))
    assert pages(client, urlencode([(name, "+447700900001"), (name, "+447700900003"), ("limit", 1)])) == [
        ["m3"],
        ["m1"],
    ]
    assert pages(client, urlencode({name: "+447700909999"})) == [[]]


@pytest.mark.parametrize("name", ["status", "status[]"])
def test_a_list_can_be_narrowed_to_statuses(client: Client, name: str) -> None:
    client.post(payload(7))
    client.clock.now += 60
    client.post(payload(8))
    assert pages(client, urlencode({name: "delivered"})) == [["m7"]]
    assert pages(client, urlencode({name: "accepted"})) == [["m8"]]
    assert pages(client, urlencode([(name, "accepted"), (name, "delivered")])) == [["m8", "m7"]]


def test_a_list_can_be_narrowed_to_a_batch(client: Client) -> None:
    batch = client.post_batch([payload(1), payload(2)]).json()["id"]
    client.post_batch([payload(3)])
    client.post(payload(4))
    assert pages(client, f"batchId={batch}") == [["m2", "m1"]]


def test_a_list_can_be_read_the_oldest_first(client: Client) -> None:
    for n in range(5):
        client.post(payload(n))
    assert pages(client, "reverse=true&limit=2") == [["m0", "m1"], ["m2", "m3"], ["m4"]]
    assert pages(client, "reverse=false&limit=3") == [["m4", "m3", "m2"], ["m1", "m0"]]


def test_a_list_of_more_than_seven_days_is_refused(client: Client) -> None:
    week = 7 * 86_400
    assert client.ask("GET", f"{PATH}?startAt={moment(NOW - week)}&endAt={moment(NOW)}").status == 200
    answer = client.ask("GET", f"{PATH}?startAt={moment(NOW - week - 1)}&endAt={moment(NOW)}")
    assert answer.status == 422
    assert answer.json()["message"] == "Bad request: Invalid time range to filter."


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "startAt=yesterday", "pageToken=zz", "reverse=1",
                                   "status=seen", "batchId=5"])  # fmt: skip
def test_a_list_is_asked_for_properly_or_not_at_all(client: Client, query: str) -> None:
    assert client.ask("GET", f"{PATH}?{query}").status == 422
