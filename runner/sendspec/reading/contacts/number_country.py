"""The country of a phone number, as far as its first digits tell."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.reading.contacts.country_codes import code_of
from sendspec.reading.contacts.number_plan import COUNTRY_BY_CODE, OTHER_COUNTRIES_BY_CODE

UNKNOWN = "unknown"
"""Stands for a country that can't be told. Used in JSON."""
_SEVERAL, _EQUALLY_SHARED = "?", "1"


def _starts_of(written: str) -> Iterator[tuple[str, str]]:
    country = UNKNOWN
    for word in written.split():
        if word.isdigit():
            yield word, country
        else:
            country = UNKNOWN if word == _SEVERAL else word


_COUNTRY_BY_START = {code: dict(_starts_of(written)) for code, written in OTHER_COUNTRIES_BY_CODE.items()}
_MOST_DIGITS = max(len(start) for starts in _COUNTRY_BY_START.values() for start in starts)


def country_of_number(number: str) -> str:
    """The ISO 3166 code of the country of a number with `+`; `UNKNOWN` for any other text, and where its digits don't tell."""
    code = code_of(number) if number[:1] == "+" else None
    if code is None:
        return UNKNOWN
    starts = _COUNTRY_BY_START.get(code)
    if starts is not None:
        national = number[1 + len(code) :]
        for length in range(1, _MOST_DIGITS + 1):
            country = starts.get(national[:length])
            if country is not None:
                return country
        if code == _EQUALLY_SHARED:
            return UNKNOWN
    return COUNTRY_BY_CODE.get(code, UNKNOWN)
