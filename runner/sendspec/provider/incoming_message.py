"""A message that somebody sent to a channel, as the list and webhooks have it (`reference/delivery.md`, section 1.1).

Somebody may say stop in it, so little is required of an entry: what lacks an id, a time or a readable address is read all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.acceptance import MAX_ID, is_id
from sendspec.provider.timestamp import parse_timestamp

MAX_TEXT = 10_000
"""Characters of a text that are looked at. A keyword is one word."""
MAX_TEXTS = 50
MAX_SENDERS = 20
MOMENTS = ("createdAt", "updatedAt", "lastStatusAt")
"""Where its time may be: the first that can be read counts."""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """`senders` are the addresses of the person, as the API has them; `texts` what was written or tapped, never kept.

    `id` is empty where the entry has none, and `at`, in Unix seconds, None where it has no time. `channel` is the channel's UUID, in
    lower case. Only the id is shown by `repr`.
    """

    id: str
    channel: str | None
    senders: tuple[str, ...]
    texts: tuple[str, ...]
    at: float | None

    def __repr__(self) -> str:
        return f"IncomingMessage({self.id!r})"


def read_incoming(entry: Any) -> IncomingMessage | None:
    """The message; None for one that isn't incoming, or that names no sender and has no text."""
    if not isinstance(entry, dict) or entry.get("direction") not in (None, "incoming"):
        return None
    senders = tuple(dict.fromkeys(_addresses(_mapping(_mapping(entry.get("sender")).get("contact")))))[:MAX_SENDERS]
    texts = tuple(dict.fromkeys(_texts(_mapping(entry.get("body")))))[:MAX_TEXTS]
    if not senders and not texts:
        return None
    identity, channel = entry.get("id"), entry.get("channelId")
    moments = (parse_timestamp(moment) for name in MOMENTS if isinstance(moment := entry.get(name), str))
    return IncomingMessage(
        identity if isinstance(identity, str) and len(identity) <= MAX_ID and is_id(identity) else "",
        channel.lower() if isinstance(channel, str) else None,
        senders,
        texts,
        next((moment for moment in moments if moment is not None), None),
    )


def _addresses(contact: Mapping[str, Any]) -> Iterator[str]:
    """Every address of a contact: which of them are the sender's on this platform isn't documented, so an opt-out is about all."""
    identifiers = contact.get("identifiers")
    for holder in (contact, *(identifiers if isinstance(identifiers, list) else ())):
        for key in ("identifierValue", "platformAddress"):
            value = _mapping(holder).get(key)
            if isinstance(value, str) and value.strip():
                yield value.strip()
            elif type(value) is int:
                yield str(value)


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    """The text of each kind of body, captions among them, and what was tapped."""
    for part in body.values():
        content = _mapping(part)
        yield from _text(content.get("text"))
        actions = content.get("actions")
        for action in actions if isinstance(actions, list) else ():
            for tapped in _mapping(action).values():
                yield from _text(_mapping(tapped).get("text"))
                yield from _text(_mapping(tapped).get("payload"))


def _text(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value[:MAX_TEXT]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
