"""Lists, messages and interactions have the shapes of the vendor's definition, whatever becomes of a message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi import Definition
from sandbox_client import NOW, PATH, Client, Clock, payload_to
from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.ending import ENDINGS
from sendspec.sandbox.life import DEFAULT_PACE
from sendspec.sandbox.store import Stored
from sendspec.sandbox.webhook_event import events_of

READING = Definition("channels-reading.openapi.json")
OF_EVENTS = ("isFirstInteraction", "isFirstInteractionIncludingBots")
"""Properties that another page of the vendor's gives interactions (`reference/delivery.md`, section 2.2), and this definition lacks."""


def accepts(name: str, value: Any) -> bool:
    return READING.accepts(READING.schemas[name], value)


def as_defined(interaction: Any) -> Any:
    assert set(OF_EVENTS) <= set(interaction)
    return {key: value for key, value in interaction.items() if key not in OF_EVENTS}


@pytest.mark.parametrize("direction", ["outgoing", "incoming"])
def test_lists_and_interactions_are_as_defined(client: Client, direction: str) -> None:
    numbers = [f"+4477000{'00' + ending.digits}" for ending in ENDINGS if ending.answer is None]
    ids = [client.post(payload_to(number, tags=["A"])).json()["id"] for number in numbers]
    client.post(payload_to(numbers[0], scheduledFor=format_timestamp(NOW + 9_999)))
    for _ in range(5):
        page = client.ask("GET", f"{PATH}?limit=5&direction={direction}").json()
        assert accepts("MessageList", page)
        assert not accepts("MessageList", {**page, "results": [{**page["results"][0], "status": "seen"}]} if page["results"] else {})  # fmt: skip
        client.clock.now += 1
    client.clock.now += 100
    found = [client.ask("GET", f"{PATH}/{identity}/interactions").json() for identity in ids]
    for each in found:
        assert accepts("MessageInteractionsList", {"results": [as_defined(it) for it in each["results"]]})
    assert sum(len(each["results"]) for each in found) == 5


@pytest.mark.parametrize("digits", ["000", "005", "007", "008", "022"])
def test_payloads_of_events_are_as_defined(digits: str) -> None:
    message = Stored(1, "5b5c1a65-a24d-4a30-95c8-7fa18d0a684b", PATH.split("/")[2], PATH.split("/")[4],
                     payload_to(f"+4477000{'00' + digits}"), Clock().now)  # fmt: skip
    for event in events_of(message, "sms", DEFAULT_PACE):
        body = json.loads(event.body())
        assert (set(body), body["service"], body["event"]) == (
            {"service", "event", "payload"}, "channels", event.name
        )  # fmt: skip
        is_interaction = event.name == "sms.interaction"
        payload = as_defined(body["payload"]) if is_interaction else body["payload"]
        assert accepts("MessageInteraction" if is_interaction else "Message", payload)
