"""A message that somebody sent to a channel, as the list and webhooks have it (`reference/delivery.md`, section 1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sendspec.provider.acceptance import MAX_ID, is_id
from sendspec.provider.timestamp import parse_timestamp

MAX_TEXT = 10_000
"""Characters of a text that are looked at. A keyword is one word."""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """`sender` is an E.164 number or another address; `text` is what was written, never kept. `at` is its `createdAt`, in Unix seconds.

    `channel` is the channel's UUID, in lower case. Neither is shown by `repr`.
    """

    id: str
    channel: str | None
    sender: str
    text: str
    at: float

    def __repr__(self) -> str:
        return f"IncomingMessage({self.id!r})"


def read_incoming(entry: Any) -> IncomingMessage | None:
    """The message; None for one without a sender's address, an id or a time, or that isn't incoming."""
    if not isinstance(entry, dict) or entry.get("direction", "incoming") != "incoming":
        return None
    identity, created_at, channel = entry.get("id"), entry.get("createdAt"), entry.get("channelId")
    contact = _mapping(_mapping(entry.get("sender")).get("contact"))
    sender = contact.get("identifierValue") or contact.get("platformAddress")
    at = parse_timestamp(created_at) if isinstance(created_at, str) else None
    if not isinstance(identity, str) or not 0 < len(identity) <= MAX_ID or not is_id(identity):
        return None
    if not isinstance(sender, str) or not sender.strip() or at is None:
        return None
    text = _mapping(_mapping(entry.get("body")).get("text")).get("text")
    return IncomingMessage(
        identity,
        channel.lower() if isinstance(channel, str) else None,
        sender.strip(),
        text[:MAX_TEXT] if isinstance(text, str) else "",
        at,
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
