"""Messages one by one over real HTTP: the documented answers, statuses, time and limits."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_client import CHANNEL, PATH, WORKSPACE, Client, conforms, payload, sandboxed


def test_a_message_is_accepted_in_the_documented_shape(client: Client) -> None:
    answer = client.post(payload(7, tags=["a"], validity=60))
    assert answer.status == 202
    conforms("response", answer.json())
    assert answer.json()["reference"] == "m7"
    assert answer.json()["status"] == "accepted"
    assert answer.json()["receiver"]["contacts"][0]["identifierValue"] == "+447700900007"
    template = client.post({"receiver": payload()["receiver"], "template": {"name": "t"}})
    assert template.status == 202
    conforms("response", template.json())


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (
            {
                "receiver": {"contacts": [{"listId": "x", "identifierValue": "+1"}]},
                "body": {"type": "text", "text": {"text": "a"}},
            },
            ".receiver.contacts[0]",
        ),
        (payload(body={"type": "interactive"}), ".body.type"),
        ({"body": {"type": "text", "text": {"text": "a"}}}, ".receiver"),
        (payload(template={"name": "t"}), ".template"),
    ],
)
def test_a_wrong_message_is_refused_with_the_path_of_what_is_wrong(client: Client, body: Any, path: str) -> None:
    answer = client.post(body)
    assert answer.status == 422
    conforms("error", answer.json())
    assert path in answer.json()["details"]
    assert client.sandbox.store.all() == []


@pytest.mark.parametrize("key", [None, "", "Basic abc", "AccessKey ", "AccessKey a b"])
def test_a_request_without_a_key_is_401(client: Client, key: str | None) -> None:
    answer = client.post(payload(), key=key)
    assert answer.status == 401
    conforms("error", answer.json())


@pytest.mark.parametrize("scheme", ["AccessKey", "Bearer"])
def test_both_schemes_pass(client: Client, scheme: str) -> None:
    assert client.post(payload(), key=f"{scheme} abc").status == 202


@pytest.mark.parametrize(
    "path", ["/", "/v1" + PATH, PATH.replace(WORKSPACE, "ws_1"), PATH.replace(CHANNEL, "..%2f"), PATH + "/nothing"]
)
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    answer = client.ask("GET", path)
    assert answer.status == 404
    conforms("error", answer.json())


def test_no_json_is_400(client: Client) -> None:
    assert client.post(b"{").status == 400


def test_one_message_can_be_asked_for_and_grows_up(client: Client) -> None:
    identity = client.post(payload(7)).json()["id"]
    seen = []
    for _ in range(5):
        message = client.ask("GET", f"{PATH}/{identity}").json()
        conforms("response", message)
        seen.append(message["status"])
        client.clock.now += 1
    assert seen == ["accepted", "processing", "sent", "delivered", "delivered"]


def test_what_is_older_than_seven_days_is_gone(client: Client) -> None:
    identity = client.post(payload(7)).json()["id"]
    client.clock.now += 7 * 86_400
    assert client.ask("GET", f"{PATH}/{identity}").status == 200
    client.clock.now += 1
    assert client.ask("GET", f"{PATH}/{identity}").status == 404
    assert client.sandbox.store.all() == []


def test_beyond_the_rate_is_429_until_the_next_second() -> None:
    with sandboxed(per_second=3) as client:
        assert [client.post(payload(n)).status for n in range(5)] == [202, 202, 202, 429, 429]
        client.clock.now += 1
        answer = client.post(payload(9))
        assert answer.status == 202


def test_tests_can_ask_for_everything(client: Client) -> None:
    for n in range(3):
        client.post(payload(n))
    answer = client.ask("GET", "/_sandbox/messages")
    assert [message["reference"] for message in answer.json()["results"]] == ["m0", "m1", "m2"]


def test_the_list_of_all_messages_may_be_of_some(client: Client) -> None:
    client.post(payload(1, body={"type": "text", "text": {"text": "a & b"}}))
    client.post(payload(2))

    def references(query: str) -> list[str]:
        return [message["reference"] for message in client.ask("GET", f"/_sandbox/messages{query}").json()["results"]]

    assert references("") == references("?x=1") == references("?&&&") == ["m1", "m2"]
    assert references("?contains=a+%26+b") == references("?to=%2B447700900001") == ["m1"]
    assert references("?contains=Hi&to=%2B447700900001") == []
