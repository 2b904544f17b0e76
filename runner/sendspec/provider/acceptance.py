"""Whether a 200, 201 or 202 response accepts its message, rejects it, or proves neither.

This is the proof behind the first two rows of `response_rules`, in code: an id, and our reference or, where the response has none,
our receiver. That no other message has the id is checked by the sender: a repeated one turns the outcome into a doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.message_status import REJECTED, is_undocumented_status
from sendspec.provider.outcome import Accepted, InDoubt, Outcome, Refused
from sendspec.provider.refusal_text import rejection_text
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.strict_json import strict_json

MAX_ID = 200
ECHOING_ID = "with an id that repeats what was sent"
ODD_ID = "with an id of other characters than letters, digits and ._:-"

_ID = lazy_pattern(rf"[A-Za-z0-9._:-]{{1,{MAX_ID}}}")
"""Wider than the documented UUID, but without spaces: a response might put part of somebody's text where the id belongs."""
UNDOCUMENTED_STATUS = "with a status that the API does not document"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What an acceptance has to echo: the reference that was sent, or the receiver."""

    reference: str
    receiver: str


def outcome_of_acceptance(response: HttpResponse, sent: SentMessage, redaction: Redaction, *, extra: bool) -> Outcome:
    """`Accepted`, `Refused` where the API rejected the message, or `InDoubt` where the body proves neither.

    `extra`: more bytes followed the response, so only our reference proves that it answers this message.
    """
    status = response.status
    message = strict_json(response.body)
    if not isinstance(message, dict):
        return doubt_about_acceptance(status, " that is not the documented JSON")
    if not is_id(message.get("id")):
        return doubt_about_acceptance(status, f" {id_fault(message.get('id'))}")
    if redaction.repeats((message["id"],)):
        return doubt_about_acceptance(status, f" {ECHOING_ID}")
    if message.get("reference") is not None:
        if message["reference"] != sent.reference:
            return doubt_about_acceptance(status, " with the reference of another message")
    elif sent.receiver not in receivers_of(message):
        return doubt_about_acceptance(status, " that echoes neither our reference nor our receiver")
    elif extra:
        return doubt_about_acceptance(status, " without our reference and with more bytes behind it")
    if is_undocumented_status(message.get("status")):
        return doubt_about_acceptance(status, f" {UNDOCUMENTED_STATUS}")
    if message.get("status") != REJECTED:
        return Accepted(message["id"])
    if extra:
        return doubt_about_acceptance(status, " that rejects the message, with more bytes behind it")
    return Refused(status, rejection_text(status, message, redaction), message["id"])


def doubt_about_acceptance(status: int, fault: str) -> InDoubt:
    """The doubt that a 2xx response leaves when it proves no acceptance. `fault` completes the evidence, such as " without an id"."""
    return InDoubt(f"HTTP {status}{fault}", status, invalid_acceptance=True)


def is_id(value: object) -> bool:
    """Whether `value` can be kept as a message id: 1 to 200 letters, digits and `._:-`."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def id_fault(value: object) -> str:
    """What is wrong with what `is_id` refuses."""
    return ODD_ID if isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isprintable() else "without an id"


def receivers_of(message: dict[str, Any]) -> Iterator[object]:
    """The identifiers of the contacts that a response echoes."""
    receiver = message.get("receiver")
    contacts = receiver.get("contacts") if isinstance(receiver, dict) else None
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, dict):
            yield contact.get("identifierValue")
            yield contact.get("id")
