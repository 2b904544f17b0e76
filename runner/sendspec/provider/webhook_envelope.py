"""The envelope of a webhook's body: `{"service": "channels", "event": "sms.outbound", "payload": {…}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.strict_json import strict_json

SERVICE = "channels"
_WORD = lazy_pattern(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_EVENT = lazy_pattern(rf"{_WORD.pattern}(?:\.{_WORD.pattern}){{0,3}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`event` is such as `sms.outbound`. Both words are plain: letters, digits, `_`, `-`, and the dots of `event`."""

    service: str
    event: str
    payload: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`sms.outbound`, with the service before it where it isn't `channels`."""
        return self.event if self.service == SERVICE else f"{self.service} {self.event}"


def read_envelope(body: bytes) -> Envelope | None:
    """None for a body that isn't the documented JSON. Unknown fields pass."""
    found = strict_json(body)
    if not isinstance(found, dict):
        return None
    service, event, payload = found.get("service"), found.get("event"), found.get("payload")
    if not isinstance(service, str) or not _WORD.fullmatch(service):
        return None
    if not isinstance(event, str) or not _EVENT.fullmatch(event) or not isinstance(payload, dict):
        return None
    return Envelope(service, event, payload)


def envelope_name(body: bytes) -> str:
    """Its `name`; empty where the body isn't the documented JSON."""
    envelope = read_envelope(body)
    return "" if envelope is None else envelope.name
