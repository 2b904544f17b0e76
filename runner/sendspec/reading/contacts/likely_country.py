"""Which country a list of numbers without country codes is probably from, to propose it. Nothing is ever sent by such a guess."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
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
"""The share of 07 among the numbers from which a list with 06 is French: the Netherlands have few, which are landlines."""
ENOUGH = 40
"""Numbers with 06 or 07 that tell a Dutch list from a French one."""
_OF_06 = ("NL", "FR")


def country_advice(numbers: Iterable[str]) -> str:
    """What a table needs whose `numbers`, given as digits, have no country."""
    listed = list(numbers)
    found = Counter(map(_shape, listed))
    if len([shape for shape in found if shape.startswith("+")]) > 1:
        in_place = ", in place of 00 where it begins so" if any(number.startswith("00") for number in listed) else ""
        return f"write + in front of each {'country code' if in_place else 'number'}{in_place}"
    return f"{country_fix(_countries(found))}, or write the number with + and its country code"


def likely_countries(numbers: Iterable[str]) -> tuple[str, ...]:
    """The countries that these numbers, given as digits, may be of; none if too many come into question."""
    return _countries(Counter(map(_shape, numbers)))


def _countries(found: Counter[str]) -> tuple[str, ...]:
    total = found.total()
    if not total:
        return ()
    both = found["06"] + found["07"]
    if both >= MOST * total and found["06"]:
        if both < ENOUGH:
            return _OF_06
        return ("FR",) if found["07"] >= SOME * both else _OF_06[:1]
    shape, count = found.most_common(1)[0]
    return _of_shape(shape) if count >= MOST * total else ()


def single_country_fix(digits: str) -> str:
    """What to write into the spec for one number."""
    return country_fix(_of_shape(_shape(digits)))


@cache
def _of_shape(shape: str) -> tuple[str, ...]:
    if shape in ("06", "07", ""):
        return _OF_06 if shape == "06" else ()
    country = _main_country(shape[1:]) if shape.startswith("+") else shape
    return () if country is None else (country,)


def country_fix(countries: Sequence[str]) -> str:
    """What to write into the spec."""
    if len(countries) == 1:
        return f"add `country: {countries[0]}` under recipients"
    such = f", such as {' or '.join(countries)}," if countries else ""
    return f"add `country:` with the country of these numbers{such} under recipients"


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
