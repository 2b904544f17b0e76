"""Finds texts that are compared with `<` or `>` although their order as texts is another one: dates such as 03/14/2026, and numbers."""

from __future__ import annotations

import re
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

_ISO = lazy_pattern(r"(?P<year>\d{4})(?P<sign>[-/.])\d{2}(?P=sign)\d{2}(?:[T ].*)?", re.DOTALL)
_DATE = lazy_pattern(
    r"(?:\d{1,2}(?P<sign>[-/. ])\d{1,2}(?P=sign)(?:\d{4}|\d{2})|\d{4}(?P<other>[-/.])\d{1,2}(?P=other)\d{1,2}"
    r"|\d{1,2}[ .-]+[^\W\d]{3,10}[ .,-]+(?:\d{4}|\d{2})|[^\W\d]{3,10}\.?[ -]\d{1,2},?[ -]\d{4})(?:,?[T ].*)?",
    re.DOTALL,
)
_DAY_MONTH = lazy_pattern(r"(?P<first>\d{1,2})[-/. ](?P<second>\d{1,2})[-/. ](?P<year>\d{4})")
_TIME = lazy_pattern(r"\d{1,2}(?::\d{2}){1,2}")
_NUMBER = lazy_pattern(r"[-+]?(?:[€$£]\s?)?\d{1,15}(?:[.,' \u00a0\u202f]\d{1,15}){0,5}(?:\s?[€$£%])?")
_PLAIN = lazy_pattern(r"(\d+)(?:[.,]\d+)?", re.ASCII)
MONTHS = 12


class Kind(StrEnum):
    """What texts are in the order of. Two other texts are taken as meant: their order is that of their characters."""

    DATE = "date"
    NUMBER = "size"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Misordered:
    """Two texts whose characters are in another order than what they mean; `example` is the one to write in another way."""

    kind: Kind
    example: str

    @property
    def fix(self) -> str:
        """What to write for a date or a time."""
        if self.kind is Kind.TIME:
            return "write times with two digits for the hour, such as 09:30, in the table and in the comparison"
        sorted_date = _iso_of(self.example)
        such_as = "2026-03-14" if sorted_date is None else f"{sorted_date} for {self.example.strip()}"
        return f"write dates as year-month-day, such as {such_as}, in the table and in the comparison"


def misordered(left: str, right: str) -> Misordered | None:
    """How the order of these texts isn't what they mean; None if it is, or if neither is a date, a time or a number."""
    one, other = left.strip(), right.strip()
    if one == other:
        return None
    kinds = kind_of(one), kind_of(other)
    kind = Kind.DATE if Kind.DATE in kinds else kinds[0] or kinds[1]
    if kind is None or (kinds[0] is kinds[1] and _sort(kind, one, other)):
        return None
    return Misordered(kind, other if _ISO.fullmatch(one) else one)


def kind_of(text: str) -> Kind | None:
    if _ISO.fullmatch(text) or _DATE.fullmatch(text):
        return Kind.DATE
    if _TIME.fullmatch(text):
        return Kind.TIME
    return Kind.NUMBER if _NUMBER.fullmatch(text) else None


def has_decimal_comma(number: str) -> bool:
    return re.search(r",\d{1,2}(?!\d)", number) is not None


def _sort(kind: Kind, one: str, other: str) -> bool:
    """Whether two texts of a kind sort by what they mean: the parts that come first have one form and length."""
    match kind:
        case Kind.DATE:
            forms = _ISO.fullmatch(one), _ISO.fullmatch(other)
            return forms[0] is not None and forms[1] is not None and forms[0]["sign"] == forms[1]["sign"]
        case Kind.TIME:
            return one.index(":") == other.index(":")
        case Kind.NUMBER:
            plain = _PLAIN.fullmatch(one), _PLAIN.fullmatch(other)
            return plain[0] is not None and plain[1] is not None and len(plain[0][1]) == len(plain[1][1])


def _iso_of(date: str) -> str | None:
    """A date as it sorts, if its day can only be one of its two numbers."""
    found = _DAY_MONTH.match(date.strip())
    if found is None:
        return None
    first, second = int(found["first"]), int(found["second"])
    if (first > MONTHS) == (second > MONTHS) and first != second:
        return None
    month, day = (first, second) if second > MONTHS else (second, first)
    return f"{found['year']}-{month:02}-{day:02}"
