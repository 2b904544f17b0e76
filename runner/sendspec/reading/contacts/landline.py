"""Landlines, which get no SMS in most countries, by how their numbers begin."""

from __future__ import annotations

from functools import cache

from sendspec.reading.contacts.number_plan import LANDLINES_BY_CODE

_DIGITS = "0123456789"


@cache
def landline_starts() -> frozenset[str]:
    """`+` and four or five digits. Every number that begins so is a landline, by its country's plan.

    Countries where mobile numbers begin like landlines, such as the United States, have no such starts.
    """
    starts = {f"+{code}{start}" for code, listed in LANDLINES_BY_CODE.items() for start in listed.split()}
    for _ in range(3):  # the shortest start has two digits
        starts = {
            longer for start in starts for longer in ([start + d for d in _DIGITS] if len(start) < 5 else [start])
        }
    return frozenset(starts)


def is_landline(number: str) -> bool:
    """Whether a normalised number is a landline; False where its country's plan doesn't tell."""
    starts = landline_starts()
    return number[:5] in starts or number[:6] in starts
