"""The platform of a channel that no project file describes, from the channel's name and what the spec says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sendspec.composing.platforms.address_kind import EMAIL_ADDRESS, PHONE_NUMBER
from sendspec.composing.platforms.email import EMAIL
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.platforms.sms import SMS
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.spec import Spec

CHAT = PLATFORMS["whatsapp"]
"""Its rules are the common ones, so it takes every kind of body."""
CHAT_BODIES = frozenset({"gif", "location", "carousel", "list", "section", "authentication"})
"""Kinds of body that neither SMS nor e-mail has."""
_NAME = lazy_pattern(r"[A-Za-z_]\w*")

Row = Mapping[str, object]


def inferred_platform(spec: Spec, first_row: Callable[[], Row]) -> str:
    """The platform's name. A spec that can only be e-mail is e-mail; where nothing says more, it is SMS.

    `first_row` gives the values of the first recipient, empty if there is none. It is called only if the spec itself doesn't say.
    """
    if spec.channel in PLATFORMS:
        return spec.channel
    body = spec.message.get("body")
    body_type = body.get("type") if isinstance(body, Mapping) else None
    if body_type in CHAT_BODIES:
        return CHAT.name
    is_email = body_type == "html" or _has_email_settings(spec.message) or _is_to_email(spec, first_row)
    return EMAIL.name if is_email else SMS.name


def _has_email_settings(message: Mapping[str, Any]) -> bool:
    meta = message.get("meta")
    return isinstance(meta, Mapping) and "email" in meta


def _is_to_email(spec: Spec, first_row: Callable[[], Row]) -> bool:
    """Whether the first recipient has an e-mail address, and no phone number."""
    receiver = spec.message.get("receiver")
    if receiver is not None and spec.to is None:
        return any(_is_email_contact(contact) for contact in _contacts(receiver))
    row = first_row()
    if spec.to is None:
        return EMAIL_ADDRESS.default_column in row and PHONE_NUMBER.default_column not in row
    used = [row.get(name) for name in _NAME.findall(spec.to)]
    return any("@" in value for value in (spec.to, *used) if isinstance(value, str))


def _contacts(receiver: Any) -> Iterator[Mapping[str, Any]]:
    contacts = receiver.get("contacts") if isinstance(receiver, Mapping) else None
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, Mapping):
            yield contact


def _is_email_contact(contact: Mapping[str, Any]) -> bool:
    return contact.get("identifierKey") == EMAIL_ADDRESS.identifier_key or "@" in str(
        contact.get("identifierValue", "")
    )
