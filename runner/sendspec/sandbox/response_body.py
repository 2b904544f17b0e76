"""The JSON bodies of the sandbox's 2xx responses, in the shapes that the API documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.platforms.sms_segments import Measure, measure
from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.life import Reached, derived_id
from sendspec.sandbox.store import Stored

ECHOED = ("reference", "meta", "replyTo", "tags", "shortLinks", "scheduledFor", "body", "template")
HANDED_OVER = frozenset({"sent", "delivered", "delivery_failed"})
"""Statuses of messages that the platform has taken."""


def tags_of(message: Stored) -> list[str]:
    """Its tags in lower case, as the API keeps them."""
    return [tag.lower() for tag in message.payload.get("tags", ())]


def stored_json(message: Stored, reached: Reached) -> dict[str, Any]:
    """A message as POST and GET return it, and as events carry it, when it has reached this step."""
    written, status, failure = message.payload, reached.step.status, reached.step.failure
    shown: dict[str, Any] = {
        "id": message.id,
        "channelId": message.channel,
        "sender": {"connector": {"id": message.channel, "identifierValue": "sandbox", "types": ["sandbox"]}},
        "receiver": {"contacts": contacts_json(message)},
        "status": status,
        "direction": "outgoing",
        "lastStatusAt": format_timestamp(reached.at),
        "createdAt": format_timestamp(message.created_at),
        "updatedAt": format_timestamp(reached.at),
    }
    shown.update((key, written[key]) for key in ECHOED if key in written)
    if "tags" in shown:
        shown["tags"] = tags_of(message)
    if status in HANDED_OVER:
        shown["parts"] = [
            {"platformReference": derived_id(message.id, f"part {part}")} for part in range(parts_of(message))
        ]
    if failure is not None:
        code = {} if failure.source_code is None else {"code": failure.source_code}
        shown["failure"] = {
            "code": failure.code, "description": failure.text, "source": {**code, "name": failure.source}
        }  # fmt: skip
        shown["details"] = failure.name
        shown["reason"] = "; ".join(
            [f"details: {failure.text}", f"reason: {failure.name}", *(f"code: {word}" for word in code.values())]
        )
    return shown


def parts_of(message: Stored) -> int:
    """How many messages the network makes of it."""
    body = message.payload.get("body") or {}
    text = body["text"]["text"] if body.get("type") == "text" else ""
    return max(1, measure(text).segments)


def measure_of(message: Stored, platform: str) -> Measure | None:
    """The size of its text, as a plan counts it; None for what has no segments on its platform."""
    known, body = PLATFORMS.get(platform), message.payload.get("body") or {}
    text = text_of(message.payload) if known is not None and body.get("type") in known.sms_measured else None
    return None if text is None else measure(text)


def batch_json(identity: str, messages: Sequence[Stored]) -> dict[str, Any]:
    """The response to a batch: the ids of its messages, in the order of the request."""
    return {"id": identity, "messages": [{"id": message.id} for message in messages]}


def with_foreign_reference(answer: dict[str, Any]) -> dict[str, Any]:
    """An acceptance, single or batch, with the reference of another message."""
    foreign = {"reference": "another"}
    if "messages" in answer:
        return {**answer, "messages": [{**message, **foreign} for message in answer["messages"]]}
    return {**answer, **foreign}


def contacts_json(message: Stored) -> list[dict[str, Any]]:
    """The message's receivers."""
    contacts = message.payload["receiver"].get("contacts", ())
    return [{key: value for key, value in contact.items() if value is not None} for contact in contacts]
