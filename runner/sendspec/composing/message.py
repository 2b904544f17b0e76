"""One composed message: its receiver, its request body and its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from sendspec.composing.platforms.sms_segments import Measure
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.tables.row import Row


class Message(NamedTuple):
    """One message as it would go out.

    `id` is 16 bytes (`identity.message_id`), `digest` 24 bytes (`identity.payload_digest`). `receiver` is the normalised address,
    `body` the request body exactly as it is sent. `text` is the text that the recipient reads, or None if the payload has none.
    `measure` is set only for a text that the platform measures. `line` is the row's line in its table.
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
        """The normalised addresses of all contacts: `receiver`, and any others that the spec's own `message.receiver` names."""
        if self.body.count(b'"identifierValue"') < 2:  # true of most messages, and saves parsing the body
            return (self.receiver,)
        contacts = orjson.loads(self.body)["receiver"].get("contacts", ())
        return (
            self.receiver,
            *(_normal(contact["identifierValue"]) for contact in contacts[1:] if "identifierValue" in contact),
        )

    def with_reference(self, reference: str) -> Message:
        """A copy with this reference. The id and the digest stay: neither covers the reference."""
        if reference == self.reference:
            return self
        body = orjson.dumps({**orjson.loads(self.body), "reference": reference})
        return self._replace(reference=reference, body=body)


def _normal(address: str) -> str:
    normal = normalise_email(address) if "@" in address else normalise_phone(address, None)
    return address if isinstance(normal, Problem) else normal


@dataclass(frozen=True, slots=True)
class Filtered:
    """A row that `where` leaves out."""

    line: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row with the same recipient and the same payload as an earlier one."""

    line: int


Composed = Message | Filtered | Duplicate
RowComposer = Callable[[Row], Message | Filtered | None]
"""Composes a row. None: `Composer.compose` has to compose it."""
