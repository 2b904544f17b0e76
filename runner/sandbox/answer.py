"""The bodies that the sandbox answers with, in the shapes that the API documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from runner.reading.fault import Fault
from runner.sandbox.store import Stored

LIFE = ((0.5, "accepted"), (1.5, "processing"), (3.0, "sent"))
"""Until which age in seconds a message has which status; later it is delivered."""
FAILING = {"000": "delivery_failed", "001": "sending_failed"}
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
    contacts = message.payload["receiver"].get("contacts") or [{}]
    return FAILING.get(str(contacts[0].get("identifierValue", ""))[-3:], "delivered")


def message_json(message: Stored, now: float) -> dict[str, Any]:
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
    if status.endswith("failed"):
        shown["failure"] = {"code": 15005, "description": "sandbox", "source": {"code": "1", "name": "sandbox"}}
        shown["reason"] = "details: this number always fails in the sandbox; reason: unknown_subscriber; code: 1"
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


def error_json(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def faults_json(faults: Sequence[Fault]) -> dict[str, Any]:
    """The 422 of the API: what is wrong, by path, as `.body.text`."""
    details: dict[str, list[str]] = {}
    for fault in faults:
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault.at) or "."
        details.setdefault(path, []).append(fault.problem)
    return {
        "code": "InvalidPayload",
        "message": "One or more fields provided in the request body are malformed",
        "details": details,
    }
