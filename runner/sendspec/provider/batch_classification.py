"""Several messages in one request: how they are put together, and what the one answer says of each.

The answer lists an id for each message, in the order of the request; it may echo no reference. So all of it has to fit, or none
of it is believed: as many ids as messages, no id twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from sendspec.provider.classification import (
    ACCEPTING,
    ECHOING_ID,
    MAX_BRACKETS,
    SentMessage,
    classify,
    invalid_acceptance,
    is_id,
    is_undocumented_status,
    receivers_of,
    rejection_text,
    strict_json,
)
from sendspec.provider.http_response import MAX_BODY, HttpResponse
from sendspec.provider.outcome import Accepted, Outcome, Refused
from sendspec.provider.response_redaction import NOTHING_SENT, Redaction

MAX_BATCH = 100
"""What the API's pages allow in one request."""
BODY_MOST_A_MESSAGE, BRACKETS_MOST_A_MESSAGE = 16 * 1024, 1_000
"""Of an answer that repeats every message in full: the documented one has nothing but ids."""


def batch_body(bodies: Sequence[bytes]) -> bytes:
    """The request body of the batch endpoint, from those of the messages."""
    return b'{"messageRequests":[%b]}' % b",".join(bodies)


def batch_key(keys: Sequence[str]) -> str:
    """The idempotency key of a request: the same messages in the same order have the same."""
    return blake2b("\n".join(keys).encode("ascii"), digest_size=16).hexdigest()


def max_batch_response(count: int) -> int:
    """How many bytes the body of the answer to so many messages may have."""
    return max(MAX_BODY, count * BODY_MOST_A_MESSAGE)


def classify_batch(
    answer: HttpResponse,
    sent: Sequence[SentMessage],
    *,
    first: bool,
    trust_503: bool,
    extra: bool,
    redaction: Redaction = NOTHING_SENT,
) -> list[Outcome]:
    """The outcome of each message of a batch. A refusal concerns all of them; so does an answer that doesn't fit.

    The arguments are those of `classify`. With bytes behind it, only an answer that accepts every message, each by its
    reference, proves anything.
    """
    if answer.status not in ACCEPTING:
        known = {"first": first, "trust_503": trust_503, "extra": extra}
        return [classify(answer, sent[0], **known, redaction=redaction)] * len(sent)
    body = strict_json(answer.body, brackets_most=max(MAX_BRACKETS, len(sent) * BRACKETS_MOST_A_MESSAGE))
    entries = body.get("messages") if isinstance(body, dict) else None
    fault = _misfit(entries, sent, redaction, extra=extra)
    if isinstance(body, dict) and (_is_rejected(body) or is_undocumented_status(body.get("status"))):
        fault = "that lists ids and is rejected as a whole"
    if fault is not None or not isinstance(entries, list):
        return [invalid_acceptance(answer.status, f" {fault}")] * len(sent)
    return [_outcome(entry, answer.status, redaction) for entry in entries]


def _misfit(entries: Any, sent: Sequence[SentMessage], redaction: Redaction, *, extra: bool) -> str | None:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return "that is not the documented JSON"
    if len(entries) != len(sent):
        return f"that lists {len(entries)} messages of {len(sent)}"
    ids = [entry.get("id") for entry in entries]
    if not all(map(is_id, ids)):
        return "that has a message without an id"
    if redaction.repeats(ids):
        return ECHOING_ID
    if len(set(ids)) != len(ids):
        return "that lists one id twice"
    references = [entry.get("reference") for entry in entries]
    if any(found not in (None, one.reference) for found, one in zip(references, sent, strict=True)):
        return "with the reference of another message"
    if any(is_undocumented_status(entry.get("status")) for entry in entries):
        return "with a status that the API does not document"
    others = {one.receiver for one in sent}
    for entry, one in zip(entries, sent, strict=True):
        named = set(receivers_of(entry))
        if entry.get("reference") is None and named & others and one.receiver not in named:
            return "with the receiver of another message"
    if extra and (None in references or any(map(_is_rejected, entries))):
        return "that does not accept each message by its reference, with more bytes behind it"
    return None


def _is_rejected(entry: dict[str, Any]) -> bool:
    return entry.get("status") == "rejected"


def _outcome(entry: dict[str, Any], status: int, redaction: Redaction) -> Outcome:
    if _is_rejected(entry):
        return Refused(status, rejection_text(status, entry, redaction), entry["id"])
    return Accepted(entry["id"])
