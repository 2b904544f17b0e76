"""What the API says of a channel: whether it is active, and what it can send (`GET /workspaces/{ws}/channels/{ch}`).

Only `status` and the place of `capabilities` are documented, and not every word that stands there: an unknown one is shown, not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.strict_json import strict_json

MAX_BODY = 256 * 1024
ACTIVE = "active"
ABLE = frozenset({ACTIVE, "enabled", "available"})
UNABLE = frozenset({"inactive", "disabled", "unavailable", "paused", "expired"})
"""Words of a capability's `status`. The API's pages name the field and no value, so these are guesses."""
_WORD = lazy_pattern(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_SENDER_NAME = lazy_pattern(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}")
"""What networks take for a sender's name: at most 11 characters, a letter among them."""


class Ability(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """`status` is the API's word, None where it says none. `mms` and `sms` say whether such messages can be sent.

    `sender_name` is the sender where it looks like a name, which nobody can answer: that `identifier` is the sender is a guess.
    """

    status: str | None
    sms: Ability = Ability.UNKNOWN
    mms: Ability = Ability.UNKNOWN
    sender_name: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The active webhook subscriptions of a workspace for channels' events, and how many of them have filters. `is_part`: there are more."""

    active: int
    filtered: int
    is_part: bool = False


def read_channel_state(body: bytes) -> ChannelState:
    """The state in an answer 200; all of it is unknown in one that isn't understood."""
    content = strict_json(body)
    channel = content if isinstance(content, dict) else {}
    status = channel.get("status")
    outgoing, identifier = list(_outgoing(channel.get("capabilities"))), channel.get("identifier")
    return ChannelState(
        status if isinstance(status, str) and _WORD.fullmatch(status) else None,
        _ability(outgoing, "sms"),
        _ability(outgoing, "mms"),
        identifier if isinstance(identifier, str) and _SENDER_NAME.fullmatch(identifier) else None,
    )


def read_subscriptions(body: bytes) -> Subscriptions | None:
    """The subscriptions in an answer 200; None for one that isn't understood."""
    content = strict_json(body)
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(results, list):
        return None
    events = [
        each
        for each in results
        if isinstance(each, dict) and each.get("service") == "channels" and each.get("status") == ACTIVE
    ]
    return Subscriptions(
        len(events), sum(bool(each.get("eventFilters")) for each in events), is_part=bool(content.get("nextPageToken"))
    )


def _outgoing(value: object, depth: int = 4) -> Iterator[Mapping[str, Any]]:
    """Every mapping called `outgoing`: the pages show it below `messaging`, which is there twice."""
    if isinstance(value, dict) and depth:
        for name, child in value.items():
            if name == "outgoing" and isinstance(child, dict):
                yield child
            yield from _outgoing(child, depth - 1)


def _ability(outgoing: list[Mapping[str, Any]], name: str) -> Ability:
    found = [each[name] for each in outgoing if isinstance(each.get(name), dict)]
    if len(found) != 1:
        return Ability.UNKNOWN
    status = str(found[0].get("status", "")).lower()
    if status in UNABLE or found[0].get("paused") is True:
        return Ability.NO
    return Ability.YES if status in ABLE else Ability.UNKNOWN
