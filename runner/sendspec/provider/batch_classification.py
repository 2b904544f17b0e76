"""The outcome of each message of a batch, from its one response.

The response lists an id for each message, in the order of the request, and may echo no reference. So it is believed as a whole or
not at all: as many ids as messages, and no id twice. A message of it is accepted or rejected by its own `status`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.provider.acceptance import (
    ECHOING_ID,
    UNDOCUMENTED_STATUS,
    SentMessage,
    doubt_about_acceptance,
    id_fault,
    is_id,
    receivers_of,
)
from sendspec.provider.classification import ACCEPTING, classify
from sendspec.provider.http_response import MAX_BODY, HttpResponse
from sendspec.provider.message_status import REJECTED, is_undocumented_status
from sendspec.provider.outcome import Accepted, Outcome, Refused
from sendspec.provider.refusal_text import rejection_text
from sendspec.provider.response_redaction import NOTHING_SENT, Redaction
from sendspec.provider.strict_json import MAX_BRACKETS, strict_json

MAX_BODY_PER_MESSAGE, MAX_BRACKETS_PER_MESSAGE = 16 * 1024, 1_000
"""Room for a response that repeats every message in full. The documented one lists only ids."""


def max_batch_response(count: int) -> int:
    """How many bytes the body of a response to `count` messages may have."""
    return max(MAX_BODY, count * MAX_BODY_PER_MESSAGE)


def classify_batch(
    response: HttpResponse,
    sent: Sequence[SentMessage],
    *,
    first: bool,
    trust_503: bool,
    extra: bool,
    redaction: Redaction = NOTHING_SENT,
) -> list[Outcome]:
    """The outcome of each message, in the order of `sent`. A refusal applies to all of them; so does a response that doesn't fit.

    The other arguments are those of `classify`. With `extra`, a response proves something only if it accepts every message by its
    reference.
    """
    if response.status not in ACCEPTING:
        known = {"first": first, "trust_503": trust_503, "extra": extra}
        return [classify(response, sent[0], **known, redaction=redaction)] * len(sent)
    body = strict_json(response.body, max_brackets=max(MAX_BRACKETS, len(sent) * MAX_BRACKETS_PER_MESSAGE))
    entries = body.get("messages") if isinstance(body, dict) else None
    fault = _mismatch(entries, sent, redaction, extra=extra)
    if fault is None and isinstance(body, dict):
        fault = _fault_of_the_whole(body)
    if fault is not None or not isinstance(entries, list):
        return [doubt_about_acceptance(response.status, f" {fault}")] * len(sent)
    return [_outcome(entry, response.status, redaction) for entry in entries]


def _fault_of_the_whole(body: dict[str, Any]) -> str | None:
    """What the batch's own `status` says against its ids; None where it doesn't contradict them."""
    if _is_rejected(body):
        return "that lists ids and is rejected as a whole"
    return UNDOCUMENTED_STATUS if is_undocumented_status(body.get("status")) else None


def _mismatch(entries: Any, sent: Sequence[SentMessage], redaction: Redaction, *, extra: bool) -> str | None:
    """Why the entries can't be the answers to `sent`; None where they fit."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return "that is not the documented JSON"
    if len(entries) != len(sent):
        return f"that lists {counted(len(entries), 'message')} of {len(sent)}"
    ids = [entry.get("id") for entry in entries]
    if not all(map(is_id, ids)):
        return f"that has a message {next(id_fault(one) for one in ids if not is_id(one))}"
    if redaction.repeats(ids):
        return ECHOING_ID
    if len(set(ids)) != len(ids):
        return "that lists one id twice"
    references = [entry.get("reference") for entry in entries]
    if any(found not in (None, one.reference) for found, one in zip(references, sent, strict=True)):
        return "with the reference of another message"
    if any(is_undocumented_status(entry.get("status")) for entry in entries):
        return UNDOCUMENTED_STATUS
    if _has_foreign_receiver(entries, sent):
        return "with the receiver of another message"
    if extra and (None in references or any(map(_is_rejected, entries))):
        return "that does not accept each message by its reference, with more bytes behind it"
    return None


def _has_foreign_receiver(entries: Sequence[dict[str, Any]], sent: Sequence[SentMessage]) -> bool:
    """Whether an entry without a reference echoes the recipient of another message of the batch, and not its own."""
    batch = {one.receiver for one in sent}
    for entry, one in zip(entries, sent, strict=True):
        named = set(receivers_of(entry))
        if entry.get("reference") is None and named & batch and one.receiver not in named:
            return True
    return False


def _is_rejected(entry: dict[str, Any]) -> bool:
    return entry.get("status") == REJECTED


def _outcome(entry: dict[str, Any], status: int, redaction: Redaction) -> Outcome:
    if _is_rejected(entry):
        return Refused(status, rejection_text(status, entry, redaction), entry["id"])
    return Accepted(entry["id"])
