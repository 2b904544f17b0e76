"""What a webhook reports: the status of a message, a message that came in, or what somebody did with one.

Fields that nobody documented pass. Events that nobody documented are `OtherEvent`, and a payload of another shape is `UnreadableEvent`:
neither stops the reading of the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.incoming_message import IncomingMessage, read_incoming
from sendspec.provider.interaction_entry import InteractionEntry, read_interaction
from sendspec.provider.message_list import Sighting, read_sighting
from sendspec.provider.response_redaction import NOTHING_SENT
from sendspec.provider.webhook_envelope import SERVICE, Envelope, read_envelope


class EventFault(StrEnum):
    BODY = "body"
    """The body isn't the documented JSON."""

    PAYLOAD = "payload"
    """The event is known, and its payload lacks what makes it one."""


@dataclass(frozen=True, slots=True)
class OutboundEvent:
    """The status of a message, as an entry of the API's list has it. `channel` is its channel's UUID, in lower case."""

    sighting: Sighting
    channel: str | None


@dataclass(frozen=True, slots=True)
class InboundEvent:
    message: IncomingMessage


@dataclass(frozen=True, slots=True)
class InteractionEvent:
    entry: InteractionEntry


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """An event that sendspec has no use for. `name` is as `webhook_envelope.Envelope.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class UnreadableEvent:
    """`name` is empty where the body tells none."""

    fault: EventFault
    name: str = ""


Event: TypeAlias = OutboundEvent | InboundEvent | InteractionEvent | OtherEvent | UnreadableEvent


def read_event(body: bytes) -> Event:
    """What a body reports. Verify its signature before.

    Events are `<platform>.outbound`, `.inbound` and `.interaction`. That `sms.interaction` is one is concluded from
    `whatsapp.interaction`.
    """
    envelope = read_envelope(body)
    if envelope is None:
        return UnreadableEvent(EventFault.BODY)
    platform, _, kind = envelope.event.partition(".")
    if envelope.service != SERVICE or not platform:
        return OtherEvent(envelope.name)
    match kind:
        case "outbound":
            return _outbound(envelope.payload) or _unreadable(envelope)
        case "inbound":
            message = read_incoming(envelope.payload)
            return _unreadable(envelope) if message is None else InboundEvent(message)
        case "interaction":
            entry = read_interaction(envelope.payload)
            return _unreadable(envelope) if entry is None else InteractionEvent(entry)
        case _:
            return OtherEvent(envelope.name)


def _unreadable(envelope: Envelope) -> UnreadableEvent:
    return UnreadableEvent(EventFault.PAYLOAD, envelope.name)


def _outbound(payload: Mapping[str, Any]) -> OutboundEvent | None:
    """None for a payload without an id or a status, or of a message that came in."""
    channel = payload.get("channelId")
    if payload.get("direction", "outgoing") != "outgoing":
        return None
    sighting = read_sighting(dict(payload), NOTHING_SENT, None)
    if sighting is None or sighting.report is None:
        return None
    return OutboundEvent(sighting, channel.lower() if isinstance(channel, str) else None)
