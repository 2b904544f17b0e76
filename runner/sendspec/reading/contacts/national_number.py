"""Reads numbers as they are dialled inside a country, by the phone library's patterns: as the library would, but faster.

The rules are those of `phonenumbers.parse`, `is_possible_number` and `number_type`. Importing this module imports the library: 40 ms.
"""

from __future__ import annotations

from sendspec.reading.contacts.country_codes import code_of
from sendspec.reading.contacts.region_patterns import Dialling, Types, dialling_of, regions_of, types_of


def read_national(digits: str, country: str) -> str | None:
    """The number as E.164; None where the library has to decide. `digits` are ASCII digits, `country` is one of `COUNTRIES`."""
    dialling = dialling_of(country)
    prefix = dialling.international_prefix.match(digits)
    if prefix is not None:
        return _dialled_abroad(digits[prefix.end() :])
    if digits.startswith(dialling.code):
        return _with_code(digits, dialling)
    national = dialling.national(digits)
    return None if national is None else f"+{dialling.code}{national}"


def is_reachable(number: str) -> bool:
    """Whether a normalised number is surely in an assigned range and not of premium rate; False where the library has to decide."""
    code = code_of(number)
    regions = () if code is None else regions_of(code)
    if code is None or not regions:
        return False
    national = number[len(code) + 1 :]
    if dialling_of(regions[0]).national(national) != national:
        return False
    types = _types_of_number(code, national)
    return types is not None and types.is_reachable(national)


def _types_of_number(code: str, national: str) -> Types | None:
    """The types of the region that the number belongs to, chosen as `phonenumbers.region_code_for_number` does."""
    regions = regions_of(code)
    if len(regions) == 1:
        return types_of(regions[0])
    for region in regions:
        types = types_of(region)
        leads = types.leading_digits
        if types.is_assigned(national) if leads is None else leads.match(national):
            return types
    return None


def _dialled_abroad(digits: str) -> str | None:
    """The number of what follows an international prefix: a calling code, and a national number of its main region."""
    code = code_of(f"+{digits}")
    regions = () if code is None else regions_of(code)
    if code is None or not regions:
        return None
    national = dialling_of(regions[0]).national(digits[len(code) :])
    return None if national is None else f"+{code}{national}"


def _with_code(digits: str, dialling: Dialling) -> str | None:
    """The number of digits that begin like the calling code: it can be the code, or the beginning of a national number."""
    code = dialling.code
    if dialling.possible.fits(digits):
        national = dialling.national(digits)
        if national is None:
            return None
        types = _types_of_number(code, national)
        # A landline is left to the library: see `_has_lost_plus` in `phone_number`.
        is_sure = national != digits or (types is not None and types.is_no_landline(national))
        return f"+{code}{national}" if is_sure else None
    if dialling.possible.pattern.fullmatch(digits):
        return None
    national = dialling.national(digits[len(code) :])
    if national is None or dialling_of(regions_of(code)[0]).national(national) != national:
        return None
    return f"+{code}{national}"
