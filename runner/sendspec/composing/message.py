"""One message, composed: who, what bytes, how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from sendspec.composing.platforms.sms_segments import Measure
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone


class Message(NamedTuple):
    """One message as it would go out.

    `id` is 16 bytes (`identity.message_id`), `receiver` the normalised address, `body` the request body exactly as it is sent,
    `digest` the 24 bytes that `identity.payload_digest` makes of it. `text` is what a person reads, where the payload holds
    it; `measure` is there for texts on an SMS channel. `line` is the row's line in its table.
    """

    id: bytes
    receiver: str
    reference: str
    body: bytes
    digest: bytes
    text: str | None
    measure: Measure | None
    line: int

    @property
    def receivers(self) -> Sequence[str]:
        """The normalised addresses of all its contacts: `receiver`, and those besides that the spec's own `message.receiver` names."""
        if self.body.count(b'"identifierValue"') < 2:  # most messages: their body isn't read again
            return (self.receiver,)
        contacts = orjson.loads(self.body)["receiver"].get("contacts", ())
        return (
            self.receiver,
            *(_normal(contact["identifierValue"]) for contact in contacts[1:] if "identifierValue" in contact),
        )

    def under(self, reference: str) -> Message:
        """The same message under another reference, which is no part of the digest."""
        if reference == self.reference:
            return self
        body = orjson.dumps({**orjson.loads(self.body), "reference": reference})
        return self._replace(reference=reference, body=body)


def _normal(address: str) -> str:
    normal = normalise_email(address) if "@" in address else normalise_phone(address, None)
    return address if isinstance(normal, Problem) else normal


@dataclass(frozen=True, slots=True)
class Filtered:
    """A row that `where` left out."""

    line: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that says again what an earlier row says: the same recipient, the same payload."""

    line: int


Composed = Message | Filtered | Duplicate
