"""What an answer means: a pure function of the answer and of what was sent, by the table in `meaning`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.surrogate import without_surrogates
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, Outcome, Refused, RunRefused
from sendspec.provider.response_redaction import NOTHING_SENT, Redaction
from sendspec.provider.response_rules import Condition, FollowUp, Meaning, Rule, rules_for, statuses_where
from sendspec.provider.time_headers import retry_after_seconds

ACCEPTING = statuses_where(lambda rule: rule.meaning is Meaning.ACCEPTED)
REFUSING_THE_RUN = statuses_where(
    lambda rule: rule.meaning is Meaning.RUN_REFUSED and rule.condition is Condition.ALWAYS
)
MAX_TEXT = 500
MAX_ID = 200
MAX_BRACKETS = 10_000
ECHOING_ID = "with an id that repeats what was sent"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What an acceptance has to echo."""

    reference: str
    receiver: str


def classify(
    answer: HttpResponse,
    sent: SentMessage,
    *,
    first: bool,
    trust_503: bool,
    extra: bool,
    redaction: Redaction = NOTHING_SENT,
) -> Outcome:
    """The outcome that `answer` proves.

    `first`: no answer of the run came before it. `extra`: more bytes came behind it, so it may belong to another request.
    `redaction` knows what was sent, of which the outcome may repeat nothing.
    """
    if answer.status in ACCEPTING:
        return _accepted(answer, sent, redaction, extra=extra)
    rule = next(
        rule for rule in rules_for(answer.status) if _holds(rule.condition, answer, first=first, trust_503=trust_503)
    )
    if extra and rule.meaning is not Meaning.IN_DOUBT:
        return InDoubt(f"an answer {answer.status} with more bytes behind it", answer.status)
    return _outcome(rule, answer, redaction)


def _holds(condition: Condition, answer: HttpResponse, *, first: bool, trust_503: bool) -> bool:
    if condition is Condition.CHANNEL_MISSING:
        return first or _names_the_channel(answer)
    if condition is Condition.TRUSTED:
        return trust_503 and "retry-after" in answer.headers
    return condition is Condition.ALWAYS


def _outcome(rule: Rule, answer: HttpResponse, redaction: Redaction) -> Outcome:
    status = answer.status
    if rule.meaning is Meaning.NOT_PROCESSED:
        return NotProcessed(status, retry_after_seconds(answer.headers.get("retry-after"), answer.headers.get("date")))
    if rule.meaning is Meaning.RUN_REFUSED:
        return RunRefused(status, refusal_text(answer, redaction))
    if rule.meaning is Meaning.REFUSED:
        return Refused(status, refusal_text(answer, redaction))
    if rule.follow_up is FollowUp.STOP_UNDOCUMENTED:
        said = f"an answer {refusal_text(answer, redaction)}, which the API does not document"
        return InDoubt(said, status, stops_run=True)
    if rule.follow_up is FollowUp.STOP_REDIRECTED:
        return InDoubt(f"an answer {status}, which leads elsewhere", status, stops_run=True)
    if rule.follow_up is FollowUp.PROBE:
        return invalid_acceptance(status, ", which is no acceptance")
    return InDoubt(f"an answer {status}", status)


def invalid_acceptance(status: int, what: str) -> InDoubt:
    """The doubt that an answer leaves which should be an acceptance and is none: `what` follows its status in the evidence."""
    return InDoubt(f"an answer {status}{what}", status, invalid_acceptance=True)


def _accepted(answer: HttpResponse, sent: SentMessage, redaction: Redaction, *, extra: bool) -> Outcome:
    status = answer.status
    message = strict_json(answer.body)
    if not isinstance(message, dict):
        return invalid_acceptance(status, " that is not the documented JSON")
    if not is_id(message.get("id")):
        return invalid_acceptance(status, " without an id")
    if redaction.repeats((message["id"],)):
        return invalid_acceptance(status, f" {ECHOING_ID}")
    if message.get("reference") is not None:
        if message["reference"] != sent.reference:
            return invalid_acceptance(status, " with the reference of another message")
    elif sent.receiver not in receivers_of(message):
        return invalid_acceptance(status, " that echoes neither our reference nor our receiver")
    elif extra:
        return invalid_acceptance(status, " without our reference and with more bytes behind it")
    if is_undocumented_status(message.get("status")):
        return invalid_acceptance(status, " with a status that the API does not document")
    if message.get("status") != "rejected":
        return Accepted(message["id"])
    if extra:
        return invalid_acceptance(status, " that rejects the message, with more bytes behind it")
    return Refused(status, rejection_text(status, message, redaction), message["id"])


def is_undocumented_status(value: object) -> bool:
    """Whether a status is no text, or is `rejected` in another spelling: neither an acceptance nor a refusal."""
    return (
        value is not None
        and value != "rejected"
        and (not isinstance(value, str) or value.strip().lower() == "rejected")
    )


def is_id(value: object) -> bool:
    """Whether it can be a message's id: printable text, of 200 characters at most."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isprintable()


def receivers_of(message: dict[str, Any]) -> Iterator[object]:
    """The identifiers of the contacts that an answer echoes."""
    receiver = message.get("receiver")
    contacts = receiver.get("contacts") if isinstance(receiver, dict) else None
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, dict):
            yield contact.get("identifierValue")
            yield contact.get("id")


def _names_the_channel(answer: HttpResponse) -> bool:
    """Whether a 404 speaks of the channel or the workspace, not of something in the message."""
    text = "; ".join(_said(answer)).lower()
    return "channel not found" in text or "workspace not found" in text


def strict_json(raw: bytes, *, brackets_most: int = MAX_BRACKETS) -> object:
    """The JSON value in `raw`; None where it has repeated keys, NaN, bad UTF-8, or is nested beyond reason."""
    if raw.count(b"[") + raw.count(b"{") > brackets_most:
        return None
    try:
        value: object = json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object none of whose keys stands there twice; raises `ValueError` for another."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def refusal_text(answer: HttpResponse, redaction: Redaction) -> str:
    """The API's own words, with the fields they are about; without what they repeat of ours."""
    return _kept("; ".join(map(redaction.redacted, _said(answer))))


def _said(answer: HttpResponse) -> list[str]:
    """What a refusal says, and then what of each field, as it came."""
    body = strict_json(answer.body)
    if not isinstance(body, dict):
        return [f"{answer.status}"]
    words = [str(answer.status), str(body.get("code") or ""), str(body.get("message") or "")]
    found = [" ".join(word for word in words if word)]
    details = body.get("details")
    for path, said in list(details.items())[:3] if isinstance(details, dict) else ():
        reasons = ", ".join(map(str, said[:3])) if isinstance(said, list) else str(said)
        found.append(f"{path}: {reasons}")
    return found


def rejection_text(status: int, message: dict[str, Any], redaction: Redaction) -> str:
    """Why the API rejected a message that it answered for, in its own words where it gives any (`reference/api.md`, section 5)."""
    failure = message.get("failure")
    words = [
        message.get("reason"),
        message.get("details"),
        failure.get("description") if isinstance(failure, dict) else None,
    ]
    reasons = "; ".join(dict.fromkeys(word for word in words if isinstance(word, str) and word))
    return _kept(redaction.redacted(f"{status} rejected: {reasons}" if reasons else f"{status} rejected"))


def _kept(text: str) -> str:
    """Somebody else's text, made fit to be kept: without characters that act, or that nothing can store, and cut."""
    return printable(without_surrogates(text))[:MAX_TEXT]
