"""One composed message: its receiver, its request body and its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from sendspec.composing.platforms.sms_segments import Measure
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.tables.row import Row

_FIRST_ADDRESS = lazy_pattern(rb'\{"receiver":\{"contacts":\[\{"identifierKey":"[a-z]+","identifierValue":"')
"""A payload whose first contact is named by its address, as `CompiledSpec.receiver_of` writes it."""


class Message(NamedTuple):
    """One message as it would go out.

    `id` is 16 bytes (`identity.message_id`), `digest` 24 bytes (`identity.payload_digest`). `receiver` is the normalised address of
    the payload's first contact, or that contact's id, `body` the request body exactly as it is sent. `text` is the text that the recipient reads, or None if the payload has none.
    `measure` is set only for a text that the platform measures. `line` is the row's line in its table. `alternatives` has a bit for
    each way that its templates took (`alternative.AlternativeFinder`), and the language that one of them chose above these bits.
    """

    id: bytes
    receiver: str
    reference: str
    body: bytes
    digest: bytes
    text: str | None
    measure: Measure | None
    line: int
    alternatives: int = 0

    @property
    def receivers(self) -> Sequence[str]:
        """Every address that the message could reach, normalised: `receiver` first, then all others in the payload's receiver."""
        body = self.body
        if (
            _FIRST_ADDRESS.match(body) is not None
            and body.count(b'"identifierValue"') == 1
            and b'"platformAddress"' not in body
        ):  # true of most messages, and saves parsing the body
            return (self.receiver,)
        contacts = orjson.loads(body)["receiver"].get("contacts", ())
        named = (address for contact in contacts for address in _addresses_in(contact))
        return tuple(dict.fromkeys((self.receiver, *named)))

    def with_reference(self, reference: str) -> Message:
        """A copy with this reference. The id and the digest stay: neither covers the reference."""
        if reference == self.reference:
            return self
        body = orjson.dumps({**orjson.loads(self.body), "reference": reference})
        return self._replace(reference=reference, body=body)


def _addresses_in(contact: Mapping[str, Any]) -> Iterator[str]:
    """The address of a contact, the one used on the platform, and its further ones: which is used is the API's choice."""
    for holder in (contact, *contact.get("identifiers", ())):
        for key in ("identifierValue", "platformAddress"):
            if isinstance(holder.get(key), str):
                yield normal_address(holder[key])


def normal_address(address: str) -> str:
    """The address as it is normalised; as it is written if it can't be."""
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
