"""The JSON bodies of the sandbox's 2xx responses, in the shapes that the API documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.store import Stored

STATUS_BY_AGE = ((0.5, "accepted"), (1.5, "processing"), (3.0, "sent"))
"""The status of a message younger than so many seconds; older ones are delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a message fails (`reference/api.md`, section 5). `code` and `name` are the API's, `source_code` belongs to `source`."""

    status: str
    code: int
    name: str
    source: str
    source_code: str
    text: str


FAILURE_BY_ENDING = {
    "000": Failure(
        status="delivery_failed", code=15005, name="unknown_subscriber", source="sms-messagebird", source_code="1",
        text="Numbers that end in 000 are never reached in the sandbox",
    ),
    "001": Failure(
        status="sending_failed", code=12003, name="unsupported_destination", source="pre-processing", source_code="12003",
        text="Numbers that end in 001 are never sent to in the sandbox",
    ),
}  # fmt: skip
"""Numbers with these endings fail, so that failures can be tried: +447700900000 is never delivered, +447700900001 never sent."""
ECHOED = ("reference", "meta", "replyTo", "tags", "shortLinks", "scheduledFor", "body", "template")


def status_of(message: Stored, now: float) -> str:
    """The status of a message at `now`: a pure function of its age and its recipient."""
    age = now - message.created_at
    young = next((status for until, status in STATUS_BY_AGE if age < until), None)
    if young is not None:
        return young
    failure = _failure_of(message)
    return "delivered" if failure is None else failure.status


def _failure_of(message: Stored) -> Failure | None:
    """How the message will fail, by its first recipient; None where it won't."""
    return FAILURE_BY_ENDING.get(next(iter(message.receivers), "")[-3:])


def tags_of(message: Stored) -> list[str]:
    """Its tags in lower case, as the API keeps them."""
    return [tag.lower() for tag in message.payload.get("tags", ())]


def stored_json(message: Stored, now: float) -> dict[str, Any]:
    """A message as POST and GET return it."""
    status = status_of(message, now)
    written = message.payload
    shown: dict[str, Any] = {
        "id": message.id,
        "channelId": message.channel,
        "sender": {"connector": {"id": message.channel, "identifierValue": "sandbox", "types": ["sandbox"]}},
        "receiver": {"contacts": [_contact(contact) for contact in written["receiver"].get("contacts", ())]},
        "status": status,
        "direction": "outgoing",
        "lastStatusAt": format_timestamp(message.created_at if status == "accepted" else now),
        "createdAt": format_timestamp(message.created_at),
        "updatedAt": format_timestamp(message.created_at if status == "accepted" else now),
    }
    shown.update((key, written[key]) for key in ECHOED if key in written)
    if "tags" in shown:
        shown["tags"] = tags_of(message)
    failure = _failure_of(message)
    if failure is not None and status == failure.status:
        source = {"code": failure.source_code, "name": failure.source}
        shown["failure"] = {"code": failure.code, "description": failure.text, "source": source}
        shown["details"] = failure.name
        shown["reason"] = f"details: {failure.text}; reason: {failure.name}; code: {failure.source_code}"
    return shown


def batch_json(identity: str, messages: Sequence[Stored]) -> dict[str, Any]:
    """The response to a batch: the ids of its messages, in the order of the request."""
    return {"id": identity, "messages": [{"id": message.id} for message in messages]}


def with_foreign_reference(answer: dict[str, Any]) -> dict[str, Any]:
    """An acceptance, single or batch, with the reference of another message."""
    foreign = {"reference": "another"}
    if "messages" in answer:
        return {**answer, "messages": [{**message, **foreign} for message in answer["messages"]]}
    return {**answer, **foreign}


def _contact(contact: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in contact.items() if value is not None}
