"""The events that the API reports to webhooks: each step of a message's life, texts from people, and interactions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.sandbox.incoming import Interaction, incoming_json, interaction_json, interactions_with
from sendspec.sandbox.life import life_of, replies_to
from sendspec.sandbox.response_body import stored_json
from sendspec.sandbox.store import Incoming, Stored


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is the API's, such as `sms.outbound`; `at` is when it happens, in Unix seconds. `payload` is made when it is needed."""

    name: str
    at: float
    payload: Callable[[], dict[str, Any]]

    def body(self) -> bytes:
        """What is posted (`reference/delivery.md`, section 1.1)."""
        envelope = {"service": "channels", "event": self.name, "payload": self.payload()}
        return json.dumps(envelope, ensure_ascii=False).encode()


def events_of(message: Stored, platform: str, pace: float) -> list[Event]:
    """Everything that becomes of a message by itself, what is to come included, in the order of time."""
    steps = [
        Event(f"{platform}.outbound", reached.at, partial(stored_json, message, reached))
        for reached in life_of(message, pace)
    ]
    texts = [_inbound(text, platform) for text in replies_to(message, pace)]
    interactions = [_interaction(it, platform) for it in interactions_with(message, (), pace)]
    return sorted([*steps, *texts, *interactions], key=lambda event: event.at)


def events_of_text(text: Incoming, answered: Stored | None, platform: str, pace: float) -> Iterator[Event]:
    """The events of a text that was put in; `answered` is the message that it replies to."""
    yield _inbound(text, platform)
    if answered is not None:
        own = {interaction.id for interaction in interactions_with(answered, (), pace)}
        for interaction in interactions_with(answered, (text,), pace):
            if interaction.id not in own:
                yield _interaction(interaction, platform)


def _inbound(text: Incoming, platform: str) -> Event:
    return Event(f"{platform}.inbound", text.created_at, partial(incoming_json, text))


def _interaction(interaction: Interaction, platform: str) -> Event:
    return Event(f"{platform}.interaction", interaction.at, partial(interaction_json, interaction, platform))
