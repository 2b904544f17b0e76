"""How strictly a spec has its recipients' numbers checked, as `recipients.check` says."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask
from sendspec.reading.contacts.phone_number import normalise_phone


class PhoneCheck(StrEnum):
    """`LENGTH`: a length that the number's country has. `VALID`: in an assigned range too. `NONE`: 8 to 15 digits."""

    LENGTH = "length"
    VALID = "valid"
    NONE = "none"


def phone_normaliser(country: str | None, check: PhoneCheck) -> Callable[[str], str | Problem]:
    """`normalise_phone` for numbers of `country`, with the rules of `check`."""
    if check is PhoneCheck.VALID:
        return lambda text: _valid(normalise_phone(text, country))
    if check is PhoneCheck.NONE:
        return lambda text: normalise_phone(text, country, True)
    if country is None:
        return normalise_phone
    return lambda text: normalise_phone(text, country)  # a partial that passes a keyword takes half as long again


def _valid(number: str | Problem) -> str | Problem:
    if isinstance(number, Problem):
        return number
    return why_invalid(number) or number


def why_invalid(number: str) -> Problem | None:
    """Why nobody can be reached at a normalised number: no country has assigned it, or it costs extra. Takes some 30 µs."""
    import phonenumbers  # takes 40 ms to import, and few specs need it

    parsed = phonenumbers.parse(number)
    if not phonenumbers.is_valid_number(parsed):
        return Problem(
            "phone-invalid",
            f"'{mask(number)}' is in no range that its country has assigned",
            "correct it, or write `check: length` under recipients",
        )
    if phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return Problem("phone-invalid", f"'{mask(number)}' is a premium-rate number", "write the person's own number")
    return None
