"""The kinds of address that platforms send to: phone numbers and e-mail addresses."""

from __future__ import annotations

from collections.abc import Callable

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_check import PhoneCheck, phone_normaliser

Normalise = Callable[[str], str | Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressKind:
    """`identifier_key` is the API's word for it. `default_column` is read for the address unless the spec names another.

    `normaliser_for` takes the country for national phone numbers, or None, and how numbers are checked. `sample` is a valid,
    normalised address.
    """

    identifier_key: str
    default_column: str
    normaliser_for: Callable[[str | None, PhoneCheck], Normalise]
    sample: str


PHONE_NUMBER = AddressKind(
    identifier_key="phonenumber",
    default_column="phone",
    normaliser_for=phone_normaliser,
    sample="+31612345678",
)
EMAIL_ADDRESS = AddressKind(
    identifier_key="emailaddress",
    default_column="email",
    normaliser_for=lambda country, check: normalise_email,
    sample="ann@example.com",
)
