"""The platform of a message's channel, which its events and interactions name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sendspec.sandbox.store import Stored

NO_PLATFORMS: Mapping[str, str] = MappingProxyType({})
SMS, EMAIL = "sms", "email"


def platform_of(message: Stored, platforms: Mapping[str, str]) -> str:
    """The channel's platform, as `platforms` has it by the channel's id; otherwise e-mail or SMS, as the receiver's address tells.

    The built-in sandbox has one channel for all aliases, whose platform may therefore be unknown.
    """
    known = platforms.get(message.channel.lower())
    if known is not None:
        return known
    return EMAIL if any("@" in receiver for receiver in message.receivers) else SMS
