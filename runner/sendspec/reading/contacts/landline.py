"""Landlines, which get no SMS in most countries, by how their numbers begin."""

from __future__ import annotations

from functools import cache
from itertools import product

from sendspec.reading.contacts.number_plan import LANDLINES_BY_CODE

SHORTEST_START = 5
"""Characters, `+` included."""


@cache
def landline_starts() -> frozenset[str]:
    """`+` and four or five digits. Every number that begins so is a landline, by its country's plan.

    Countries where mobile numbers begin like landlines, such as the United States, have no such starts.
    """
    starts = [f"+{code}{start}" for code, listed in LANDLINES_BY_CODE.items() for start in listed.split()]
    tails = {
        length: list(map("".join, product("0123456789", repeat=max(SHORTEST_START - length, 0))))
        for length in set(map(len, starts))
    }
    return frozenset(start + tail for start in starts for tail in tails[len(start)])


@cache
def can_tell_landlines(country: str) -> bool:
    """Whether the plan of a country, given by its two-letter code, has starts of landlines here."""
    import phonenumbers  # takes 40 ms to import, and few specs ask

    return str(phonenumbers.country_code_for_region(country)) in LANDLINES_BY_CODE


def is_landline(number: str) -> bool:
    """Whether a normalised number is a landline; False where its country's plan doesn't say."""
    for end in range(2, 5):  # country codes have up to three digits, and none begins with another
        listed = LANDLINES_BY_CODE.get(number[1:end])
        if listed is not None:
            return number[0] == "+" and len(number) >= SHORTEST_START and number.startswith(tuple(listed.split()), end)
    return False
