"""Texts that are put in by hand: where they come in, what they are taken for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_client import CHANNEL, PATH, WORKSPACE, Client, conforms, payload, sandboxed
from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.receive import RECEIVE_PATH

NUMBER = "+447700900001"
OTHER = "00000000-0000-4000-8000-00000000000f"


def put(client: Client, **more: Any) -> Any:
    return client.ask("POST", RECEIVE_PATH, {"from": NUMBER, "text": "STOP", **more})


def test_a_text_replies_to_the_newest_message_to_its_sender(client: Client) -> None:
    client.post(payload(1))
    client.clock.now += 1
    newest = client.post(payload(1, reference="again")).json()["id"]
    client.post(payload(2, reference=NUMBER))
    client.clock.now += 1
    answer = put(client)
    assert answer.status == 202
    identity = answer.json().pop("id")
    assert answer.json() == {
        "id": identity, "keyword": "out", "interaction": "unsubscribe-request", "answers": newest
    }  # fmt: skip
    (text,) = client.ask("GET", f"{PATH}?direction=incoming").json()["results"]
    assert (text["id"], text["sender"]["contact"]["identifierValue"]) == (identity, NUMBER)
    (interaction,) = client.ask("GET", f"{PATH}/{newest}/interactions").json()["results"]
    assert (interaction["messageReference"], interaction["type"], interaction["createdAt"]) == (
        "again", "unsubscribe-request", format_timestamp(client.clock.now),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "keyword", "interaction"),
    [
        ("Arrêt!", "out", "unsubscribe-request"), ("start", "in", "subscribe-consent"), ("stop it", "contains", None),
        ("Thanks", None, None), ("x" * 2_000, None, None),
    ],
)  # fmt: skip
def test_only_a_keyword_is_an_interaction(client: Client, text: str, keyword: Any, interaction: Any) -> None:
    sent = client.post(payload(1)).json()["id"]
    answer = put(client, text=text).json()
    assert (answer["keyword"], answer["interaction"]) == (keyword, interaction)
    found = client.ask("GET", f"{PATH}/{sent}/interactions").json()["results"]
    assert [each["type"] for each in found] == [interaction] * (interaction is not None)


def test_a_text_without_a_message_needs_a_channel(client: Client) -> None:
    client.post(payload(2))
    assert put(client).status == 404
    assert put(client, channel=CHANNEL).status == 404
    answer = put(client, channel=CHANNEL, workspace=WORKSPACE).json()
    assert (answer["keyword"], answer["interaction"], answer["answers"]) == ("out", None, None)
    client.post(payload(1))
    elsewhere = put(client, channel=OTHER, workspace=WORKSPACE).json()
    assert elsewhere["answers"] is None
    listed = client.ask("GET", f"{PATH.replace(CHANNEL, OTHER)}?direction=incoming").json()["results"]
    assert [text["id"] for text in listed] == [elsewhere["id"]]


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"from": "07700900001"}, ".from"), ({"from": "+447700900001\n"}, ".from"), ({"from": 1}, ".from"), ({"from": None}, ".from"),
        ({"text": ""}, ".text"), ({"text": "x" * 2_001}, ".text"), ({"text": None}, ".text"), ({"channel": "sms"}, ".channel"),
        ({"workspace": 1}, ".workspace"), ({"to": NUMBER}, ".to"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(client: Client, more: Any, path: str) -> None:
    client.post(payload(1))
    answer = put(client, **more)
    assert answer.status == 422
    conforms("error", answer.json())
    assert list(answer.json()["details"]) == [path]
    assert client.ask("GET", f"{PATH}?direction=incoming").json() == {"results": []}


@pytest.mark.parametrize(("raw", "status"), [(b"{", 400), (b"[" * 200 + b"]" * 200, 400), (b"[]", 422), (b'"x"', 422)])
def test_what_is_no_json_object_is_refused(client: Client, raw: bytes, status: int) -> None:
    assert client.ask("POST", RECEIVE_PATH, raw).status == status


def test_it_needs_a_key_and_is_no_request_that_faults_count() -> None:
    with sandboxed(faults=[parse_fault("500:from=2")], per_second=1) as client:
        assert client.ask("POST", RECEIVE_PATH, {"from": NUMBER, "text": "STOP"}, key=None).status == 401
        assert client.post(payload(1)).status == 202
        assert put(client).status == 202
        assert client.post(payload(2)).status == 500
