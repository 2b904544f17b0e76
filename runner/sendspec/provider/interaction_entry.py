"""An interaction with a message, as the API lists it and webhooks bring it (`reference/delivery.md`, section 2.2)."""

from __future__ import annotations

from typing import Any, TypeGuard

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.acceptance import MAX_ID, is_id
from sendspec.provider.timestamp import parse_timestamp

OPT_OUT_TYPES = frozenset({"unsubscribe-request"})
OPT_IN_TYPES = frozenset({"subscribe-consent"})
_TYPE = lazy_pattern(r"[a-z][a-z-]{0,39}")
_BOT_MARKS = ("prefetched", "isBot", "bot", "isPrefetch", "prefetch")
"""Names that `metadata` may have for the mark of a machine's click. The first one is documented, the others are guesses."""


@dataclass(frozen=True, slots=True)
class InteractionEntry:
    """`reference` is the message's, empty where the entry has none; `message` is the API's id of it. `at` is in Unix seconds.

    `receivers` are the addresses of the person; not shown by `repr`. `by_keyword`: a reply was the request, not a link; None where
    the entry doesn't tell.
    """

    id: str
    type: str
    message: str
    reference: str
    channel: str | None
    receivers: frozenset[str]
    at: float
    is_first: bool
    is_bot: bool
    by_keyword: bool | None

    def __repr__(self) -> str:
        return f"InteractionEntry({self.id!r}, {self.type!r})"


def read_interaction(entry: Any) -> InteractionEntry | None:
    """The interaction; None for an entry without an id, a type, a message or a time."""
    if not isinstance(entry, dict):
        return None
    identity, kind, message = entry.get("id"), entry.get("type"), entry.get("messageId")
    created_at, channel, reference = entry.get("createdAt"), entry.get("channelId"), entry.get("messageReference")
    at = parse_timestamp(created_at) if isinstance(created_at, str) else None
    if not _is_id(identity) or not _is_id(message) or not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        return None
    if at is None:
        return None
    metadata, details = entry.get("metadata"), entry.get("details")
    marks = metadata if isinstance(metadata, dict) else {}
    return InteractionEntry(
        identity,
        kind,
        message,
        reference if isinstance(reference, str) else "",
        channel.lower() if isinstance(channel, str) else None,
        _addresses(entry.get("receiver")),
        at,
        entry.get("isFirstInteraction") is True,
        any(marks.get(mark) is True for mark in _BOT_MARKS),
        ("keyword" in details.lower()) if isinstance(details, str) and details else None,
    )


def _is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and is_id(value)


def _addresses(receiver: Any) -> frozenset[str]:
    contacts = receiver.get("contacts") if isinstance(receiver, dict) else None
    if not isinstance(contacts, list):
        return frozenset()
    found = [contact.get(key) for contact in contacts if isinstance(contact, dict) for key in ("identifierValue", "id")]
    return frozenset(value for value in found if isinstance(value, str) and value)
