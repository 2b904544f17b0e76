"""How strictly a spec has its recipients' numbers checked, as `recipients.check` says."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask
from sendspec.reading.contacts.phone_number import normalise_phone

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

MAX_MISSING = 4
"""Digits that may be missing at the end of a mobile number."""


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
    from sendspec.reading.contacts.national_number import is_reachable  # imports the phone library: 40 ms

    return number if is_reachable(number) else why_invalid(number) or number


def why_invalid(number: str) -> Problem | None:
    """Why nobody can be reached at a normalised number: no country has assigned it, or it costs extra.

    Takes some 30 µs; `is_reachable` answers for most good numbers in 5.
    """
    import phonenumbers  # takes 40 ms to import, and few specs need it

    parsed = phonenumbers.parse(number)
    if not phonenumbers.is_valid_number(parsed):
        short = _is_too_short(parsed)
        why = (
            "is too short for a mobile number of its country"
            if short
            else "is a number that its country has given to nobody"
        )
        fix = "add the digits that are missing" if short else "correct it"
        return Problem("phone-invalid", f"'{mask(number)}' {why}", f"{fix}, or write `check: length` under recipients")
    if phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return Problem("phone-invalid", f"'{mask(number)}' is a premium-rate number", "write the person's own number")
    return None


def _is_too_short(number: PhoneNumber) -> bool:
    """Whether a mobile number begins so and has more digits."""
    import phonenumbers

    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    longer = (phonenumbers.parse(digits + "1" * more) for more in range(1, MAX_MISSING + 1))
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return any(phonenumbers.number_type(each) in mobile for each in longer)
