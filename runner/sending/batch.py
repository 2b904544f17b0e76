"""Several messages in one request: how they are put together, and what the one answer says of each.

The answer lists an id for each message, in the order of the request; it may echo no reference. So all of it has to fit, or none
of it is believed: as many ids as messages, each of them new.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Any

from runner.sending.answer import BODY_MOST, Answer
from runner.sending.classify import ACCEPTING, BRACKETS_MOST, ID_MOST, Sent, classify, strict_json
from runner.sending.outcome import Accepted, InDoubt, Outcome, Refused

BATCH_MOST = 100
"""What the API's pages allow in one request."""
BODY_MOST_A_MESSAGE, BRACKETS_MOST_A_MESSAGE = 16 * 1024, 1_000
"""Of an answer that repeats every message in full: the documented one has nothing but ids."""


def batch_body(bodies: Sequence[bytes]) -> bytes:
    """The request body of the batch endpoint, from those of the messages."""
    return b'{"messageRequests":[%b]}' % b",".join(bodies)


def batch_key(keys: Sequence[str]) -> str:
    """The idempotency key of a request: the same messages in the same order have the same."""
    return blake2b("\n".join(keys).encode("ascii"), digest_size=16).hexdigest()


def answer_most(count: int) -> int:
    """How many bytes the body of the answer to so many messages may have."""
    return max(BODY_MOST, count * BODY_MOST_A_MESSAGE)


def classify_batch(
    answer: Answer, sent: Sequence[Sent], before: Collection[str], *, first: bool, trust_503: bool
) -> list[Outcome]:
    """The outcome of each message of a batch. A refusal concerns all of them; so does an answer that doesn't fit.

    `before` are the ids in the last answer on the same connection: one that came twice would be taken for this batch's.
    """
    if answer.status not in ACCEPTING:
        return [classify(answer, sent[0], first=first, trust_503=trust_503)] * len(sent)
    body = strict_json(answer.body, brackets_most=max(BRACKETS_MOST, len(sent) * BRACKETS_MOST_A_MESSAGE))
    entries = body.get("messages") if isinstance(body, dict) else None
    fault = _misfit(entries, sent, before)
    if fault is not None or not isinstance(entries, list):
        return [InDoubt(f"an answer {answer.status} {fault}", answer.status, senseless=True)] * len(sent)
    return [_outcome(entry, answer.status) for entry in entries]


def _misfit(entries: Any, sent: Sequence[Sent], before: Collection[str]) -> str | None:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return "that is not the documented JSON"
    if len(entries) != len(sent):
        return f"that lists {len(entries)} messages of {len(sent)}"
    ids = [entry.get("id") for entry in entries]
    if not all(isinstance(identity, str) and 0 < len(identity) <= ID_MOST for identity in ids):
        return "that has a message without an id"
    if len(set(ids)) != len(ids):
        return "that lists one id twice"
    if not set(ids).isdisjoint(before):
        return "with an id of the answer before"
    if any(entry.get("reference") not in (None, one.reference) for entry, one in zip(entries, sent, strict=True)):
        return "with the reference of another message"
    return None


def _outcome(entry: dict[str, Any], status: int) -> Outcome:
    if entry.get("status") == "rejected":
        return Refused(status, f"{status} with a message rejected")
    return Accepted(entry["id"])
