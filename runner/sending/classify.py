"""What an answer means: a pure function of the answer and of what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runner.reading.mask import mask_in_place
from runner.sending.answer import Answer
from runner.sending.outcome import Accepted, InDoubt, NotProcessed, Outcome, Refused, RefusedAsAWhole
from runner.sending.retry_after import retry_after_seconds

ACCEPTING = frozenset({200, 201, 202})
NOT_PROCESSED = frozenset({421, 425, 429})
REFUSING_THE_RUN = frozenset({401, 402, 403})
REFUSING_THE_MESSAGE = frozenset({400, 404, 409, 422})
REFUSING_OUR_REQUEST = frozenset({405, 406, 410, 411, 413, 414, 415, 417, 431, 501, 505})
TEXT_MOST = 500
ID_MOST = 200
BRACKETS_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Sent:
    """What an acceptance has to echo."""

    reference: str
    receiver: str


def classify(answer: Answer, sent: Sent, *, first: bool, trust_503: bool) -> Outcome:
    """The outcome that `answer` proves. `first`: no answer of the run came before it."""
    status = answer.status
    if status in ACCEPTING:
        return _accepted(answer, sent)
    if status in NOT_PROCESSED or (status == 503 and trust_503 and "retry-after" in answer.headers):
        return NotProcessed(status, retry_after_seconds(answer.headers.get("retry-after"), answer.headers.get("date")))
    if status in REFUSING_THE_RUN or (status == 404 and (first or _names_the_channel(answer))):
        return RefusedAsAWhole(status, refusal_text(answer))
    if status in REFUSING_THE_MESSAGE:
        return Refused(status, refusal_text(answer))
    if status in REFUSING_OUR_REQUEST:
        return Refused(status, refusal_text(answer), ours=True)
    if 200 <= status < 300:
        return InDoubt(f"an answer {status}, which is no acceptance", status, senseless=True)
    if 300 <= status < 400:
        return InDoubt(f"an answer {status}, which leads elsewhere", status, redirect=True)
    return InDoubt(f"an answer {status}", status)


def _accepted(answer: Answer, sent: Sent) -> Outcome:
    status = answer.status

    def senseless(what: str) -> InDoubt:
        return InDoubt(f"an answer {status} {what}", status, senseless=True)

    message = strict_json(answer.body)
    if not isinstance(message, dict):
        return senseless("that is not the documented JSON")
    identity = message.get("id")
    if not isinstance(identity, str) or not identity or len(identity) > ID_MOST:
        return senseless("without an id")
    if message.get("reference") is not None:
        if message["reference"] != sent.reference:
            return senseless("with the reference of another message")
    elif sent.receiver not in _receivers(message):
        return senseless("that echoes neither our reference nor our receiver")
    return Accepted(identity)


def _receivers(message: dict[str, Any]) -> Iterator[object]:
    receiver = message.get("receiver")
    contacts = receiver.get("contacts") if isinstance(receiver, dict) else None
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, dict):
            yield contact.get("identifierValue")
            yield contact.get("id")


def _names_the_channel(answer: Answer) -> bool:
    """Whether a 404 speaks of the channel or the workspace, not of something in the message."""
    text = refusal_text(answer).lower()
    return "channel not found" in text or "workspace not found" in text


def strict_json(raw: bytes, *, brackets_most: int = BRACKETS_MOST) -> object:
    """The JSON value in `raw`; None where it has repeated keys, NaN, bad UTF-8, or is nested beyond reason."""
    if raw.count(b"[") + raw.count(b"{") > brackets_most:
        return None
    try:
        value: object = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def refusal_text(answer: Answer) -> str:
    """The API's own words, with the field they are about; numbers masked, as the API may quote the receiver."""
    body = strict_json(answer.body)
    if not isinstance(body, dict):
        return f"{answer.status}"
    words = [str(answer.status), str(body.get("code") or ""), str(body.get("message") or "")]
    text = " ".join(word for word in words if word)
    details = body.get("details")
    if isinstance(details, dict):
        for path, said in list(details.items())[:3]:
            reasons = ", ".join(map(str, said[:3])) if isinstance(said, list) else str(said)
            text += f"; {path}: {reasons}"
    return mask_in_place(text[:TEXT_MOST])
