"""The bodies that the sandbox answers with, in the shapes that the API documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sendspec.sandbox.store import Stored

LIFE = ((0.5, "accepted"), (1.5, "processing"), (3.0, "sent"))
"""Until which age in seconds a message has which status; later it is delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """How a message fails (`reference/api.md`, section 5): `code` and `name` are the API's, `source` says whose code `source_code` is."""

    status: str
    code: int
    name: str
    source: str
    source_code: str
    text: str


FAILING = {
    "000": Failing(
        status="delivery_failed", code=15005, name="unknown_subscriber", source="sms-messagebird", source_code="1",
        text="Numbers that end in 000 are never reached in the sandbox",
    ),
    "001": Failing(
        status="sending_failed", code=12003, name="unsupported_destination", source="pre-processing", source_code="12003",
        text="Numbers that end in 001 are never sent to in the sandbox",
    ),
}  # fmt: skip
"""Numbers that end so fail, to be tried out: +447700900000 is never delivered, +447700900001 never sent."""
STATUSES = frozenset(
    [
        "accepted",
        "rejected",
        "processing",
        "scheduled",
        "sent",
        "sending_failed",
        "delivered",
        "delivery_failed",
        "deleted",
        "skipped",
    ]
)
"""Every status of the API, for the list's filter."""
ECHOED = ("reference", "meta", "replyTo", "tags", "shortLinks", "scheduledFor", "body", "template")


def status_of(message: Stored, now: float) -> str:
    """The status that a message has grown to: a pure function of its age and its receiver."""
    age = now - message.created_at
    young = next((status for until, status in LIFE if age < until), None)
    if young is not None:
        return young
    failing = _failing(message)
    return "delivered" if failing is None else failing.status


def _failing(message: Stored) -> Failing | None:
    """How it will fail, which its first receiver decides."""
    return FAILING.get(next(iter(message.receivers), "")[-3:])


def tags_of(message: Stored) -> list[str]:
    """Its tags as the API keeps them: in lower case."""
    return [tag.lower() for tag in message.payload.get("tags", ())]


def stored_json(message: Stored, now: float) -> dict[str, Any]:
    """A message as POST and GET answer it."""
    status = status_of(message, now)
    written = message.payload
    shown: dict[str, Any] = {
        "id": message.id,
        "channelId": message.channel,
        "sender": {"connector": {"id": message.channel, "identifierValue": "sandbox", "types": ["sandbox"]}},
        "receiver": {"contacts": [_contact(contact) for contact in written["receiver"].get("contacts", ())]},
        "status": status,
        "direction": "outgoing",
        "lastStatusAt": moment(message.created_at if status == "accepted" else now),
        "createdAt": moment(message.created_at),
        "updatedAt": moment(message.created_at if status == "accepted" else now),
    }
    shown.update((key, written[key]) for key in ECHOED if key in written)
    if "tags" in shown:
        shown["tags"] = tags_of(message)
    failing = _failing(message)
    if failing is not None and status == failing.status:
        source = {"code": failing.source_code, "name": failing.source}
        shown["failure"] = {"code": failing.code, "description": failing.text, "source": source}
        shown["details"] = failing.name
        shown["reason"] = f"details: {failing.text}; reason: {failing.name}; code: {failing.source_code}"
    return shown


def batch_json(identity: str, messages: Sequence[Stored]) -> dict[str, Any]:
    """What a POST of several messages is answered with: ids in the order of the request, and nothing else of them."""
    return {"id": identity, "messages": [{"id": message.id} for message in messages]}


def of_another(answer: dict[str, Any]) -> dict[str, Any]:
    """An acceptance, of one message or several, with a reference that is not theirs."""
    foreign = {"reference": "another"}
    if "messages" in answer:
        return {**answer, "messages": [{**message, **foreign} for message in answer["messages"]]}
    return {**answer, **foreign}


def _contact(contact: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in contact.items() if value is not None}


def moment(seconds: float) -> str:
    """Unix seconds as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
