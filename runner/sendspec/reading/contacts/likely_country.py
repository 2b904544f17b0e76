"""Which country a list of numbers without country codes is probably from, to propose it. Nothing is ever sent by such a guess."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from sendspec.reading.contacts.country_codes import code_of, has_length_of_its_country

_SHAPES = (
    ("GB", re.compile(r"07[0-9]{9}")),
    ("06", re.compile(r"06[0-9]{8}")),
    ("07", re.compile(r"07[0-9]{8}")),
    ("DE", re.compile(r"01[567][0-9]{8,9}")),
    ("IE", re.compile(r"08[3-9][0-9]{7}")),
)
"""How mobile numbers are written inside a country. 06 with eight digits may be Dutch or French, 07 of several countries."""
MOST = 0.6
"""The share of the numbers that have to agree."""
SOME = 0.1
"""The share of 07 among the numbers from which a list with 06 is French: the Netherlands have no 07."""


def likely_country(numbers: Iterable[str]) -> str | None:
    """The country of these numbers, given as digits; None if several come into question."""
    found = Counter(map(_shape, numbers))
    total = found.total()
    if not total:
        return None
    both = found["06"] + found["07"]
    if both >= MOST * total and found["06"]:
        return "FR" if found["07"] >= SOME * both else "NL"
    shape, count = found.most_common(1)[0]
    if count < MOST * total or shape == "07":
        return None
    return _main_country(shape[1:]) if shape.startswith("+") else shape or None


def single_country_fix(digits: str) -> str:
    """What to write into the spec for one number."""
    return _fix_for_shape(_shape(digits))


@cache
def _fix_for_shape(shape: str) -> str:
    country = {"06": "NL", "07": None, "": None}.get(shape, shape)
    return country_fix(_main_country(shape[1:]) if shape.startswith("+") else country)


def country_fix(country: str | None) -> str:
    """What to write into the spec."""
    written = f"`country: {country}`" if country else "`country:` with the country of these numbers"
    return f"add {written} under recipients"


def _shape(digits: str) -> str:
    """A country, the beginning of a national number, or `+` and a country code; empty for anything else."""
    shape = next((shape for shape, pattern in _SHAPES if pattern.fullmatch(digits)), "")
    if shape or (digits.startswith("0") and not digits.startswith("00")):
        return shape
    number = "+" + digits.removeprefix("00")
    code = code_of(number) if len(number) >= 11 else None
    return f"+{code}" if code is not None and has_length_of_its_country(number) else ""


def _main_country(code: str) -> str | None:
    import phonenumbers  # takes 40 ms to import, and only a mistake needs it

    regions = phonenumbers.region_codes_for_country_code(int(code))
    return regions[0] if len(regions) and regions[0] != "001" else None
