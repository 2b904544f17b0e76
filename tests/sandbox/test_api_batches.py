"""Batches: accepted or refused as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_client import BATCH, CHANNEL, PATH, Client, conforms, payload, sandboxed


@pytest.mark.parametrize("count", [1, 3, 100])
def test_a_batch_is_accepted_with_an_id_for_each_message_in_order_and_listed_like_any_other(
    client: Client, count: int
) -> None:
    answer = client.post_batch([payload(n) for n in range(count)])
    assert answer.status == 202
    assert set(answer.json()) == {"id", "messages"}
    ids = [message.pop("id") for message in answer.json()["messages"]]
    assert len(set(ids)) == count
    stored = [client.ask("GET", f"{PATH}/{identity}").json() for identity in (ids[0], ids[-1])]
    assert [message["reference"] for message in stored] == ["m0", f"m{count - 1}"]
    conforms("response", stored[0])
    listed = client.ask("GET", f"{PATH}?limit=1000").json()["results"]
    assert [message["id"] for message in listed] == ids[::-1]


WRONG: dict[str, tuple[Any, str]] = {
    "a wrong body": (payload(body={"type": "text", "text": "Hi"}), ".messageRequests[3].body.text"),
    "no receiver": ({"body": payload()["body"]}, ".messageRequests[3].receiver"),
    "body and template": (payload(template={"name": "t"}), ".messageRequests[3].template"),
    "no message": ("Hi", ".messageRequests[3]"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_wrong_message_has_the_whole_batch_refused_with_its_path(client: Client, what: str) -> None:
    wrong, path = WRONG[what]
    answer = client.post_batch([payload(1), payload(2), payload(3), wrong, payload(5)])
    assert answer.status == 422
    conforms("error", answer.json())
    assert list(answer.json()["details"]) == [path]
    assert client.sandbox.store.all() == []


@pytest.mark.parametrize(
    "body",
    [
        {"messageRequests": []},
        {"messageRequests": [payload(n) for n in range(101)]},
        {"messageRequests": payload()},
        {"messageRequests": [payload()], "reference": "all"},
        [payload()],
        payload(),
        {},
    ],
)
def test_what_is_no_batch_is_refused(client: Client, body: Any) -> None:
    assert client.ask("POST", BATCH, body).status == 422
    assert client.sandbox.store.all() == []


def test_a_batch_is_no_message_and_its_path_no_list(client: Client) -> None:
    assert client.post({"messageRequests": [payload()]}).status == 422
    assert client.ask("GET", BATCH).status == 404
    assert client.ask("POST", BATCH.replace(CHANNEL, "channel"), {"messageRequests": [payload()]}).status == 404
    assert client.post_batch([payload()], key=None).status == 401


def test_a_batch_may_have_as_many_bytes_as_its_messages(client: Client) -> None:
    long = {"body": {"type": "text", "text": {"text": "x" * 15_000}}}
    assert client.post_batch([payload(n, **long) for n in range(100)]).status == 202


def test_a_batch_counts_as_one_request() -> None:
    with sandboxed(per_second=2) as client:
        assert [client.post_batch([payload(n) for n in range(50)]).status for _ in range(3)] == [202, 202, 429]
