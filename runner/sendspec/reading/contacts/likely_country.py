"""What a list of numbers without country codes needs.

A country is named only as an example, and only by the form of a national number: the first digits may be an area code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.contacts.country_codes import code_of

_SHAPES = (
    ("GB", lazy_pattern(r"07[0-9]{9}")),
    ("06", lazy_pattern(r"06[0-9]{8}")),
    ("07", lazy_pattern(r"07[0-9]{8}")),
    ("DE", lazy_pattern(r"01[567][0-9]{8,9}")),
    ("IE", lazy_pattern(r"08[3-9][0-9]{7}")),
)
"""How mobile numbers are written inside a country. 06 with eight digits may be Dutch or French, 07 of several countries."""
_COUNTRIES = {"06": ("NL", "FR"), "GB": ("GB", "NG"), "DE": ("DE",), "IE": ("IE", "TH")}
"""Countries that write mobile numbers in such a form."""
MOST = 0.6
"""The share of the numbers that have to agree."""
SOME = 0.1
"""The share of 07 among the numbers from which a list with 06 is French: the Netherlands have few, which are landlines."""
ENOUGH = 40
"""Numbers with 06 or 07 that tell a Dutch list from a French one."""
_OF_06 = _COUNTRIES["06"]


def country_advice(numbers: Iterable[str]) -> str:
    """What a table needs whose `numbers`, given as digits, have no country."""
    listed = list(numbers)
    bare = [digits for digits in listed if not digits.startswith("0")]
    abroad = [digits for digits in listed if digits.startswith("00")]
    if len(bare) + len(abroad) < MOST * len(listed) or not listed:
        return f"{country_fix(likely_countries(listed))}, or write the number with + and its country code"
    if sum(map(_may_lack_plus, bare)) < MOST * len(bare):
        return f"{country_fix(())}, or write each number with + and its country code"
    if abroad:
        in_front = "write + in front of each country code, in place of 00 where it begins so"
        return f"{in_front}; or, if they are all of one country, {country_fix(())}"
    if len({*map(len, bare)}) > 1 and len({code_of("+" + digits) for digits in bare}) > 1:
        return f"write + in front of each number if it begins with its country code; if they are national, {country_fix(())}"
    return f"{country_fix(())} if they are national; if each begins with its country code, write + in front of it"


def _may_lack_plus(digits: str) -> bool:
    """Whether a number of these digits would be one that can be called, had it a + in front."""
    import phonenumbers  # takes 40 ms to import, and only a mistake needs it

    if code_of("+" + digits) is None:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False


def likely_countries(numbers: Iterable[str]) -> tuple[str, ...]:
    """Countries that write mobile numbers as these, given as digits, are written; none if too many come into question."""
    found = Counter(map(_shape, numbers))
    total = found.total()
    if not total:
        return ()
    both = found["06"] + found["07"]
    if both >= MOST * total and found["06"]:
        if both < ENOUGH:
            return _OF_06
        return ("FR",) if found["07"] >= SOME * both else _OF_06[:1]
    shape, count = found.most_common(1)[0]
    return _COUNTRIES.get(shape, ()) if count >= MOST * total else ()


def single_country_fix(digits: str) -> str:
    """What to write into the spec for one number."""
    return _fix_of_shape(_shape(digits))


@cache
def _fix_of_shape(shape: str) -> str:
    return country_fix(_COUNTRIES.get(shape, ()))


def country_fix(countries: Sequence[str]) -> str:
    """What to write into the spec."""
    such = f", such as {' or '.join(countries)}," if countries else ""
    return f"add `country:` with the country of these numbers{such} under recipients"


def _shape(digits: str) -> str:
    """The form of a national number; empty for anything else."""
    return next((shape for shape, pattern in _SHAPES if pattern.fullmatch(digits)), "")
