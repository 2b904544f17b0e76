"""What a text has in it that keeps it from being a number, and what to do about that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from sendspec.composing.render_budget import FilterError
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted

MAX_SHOWN = 40
MAX_CHANGES = 2
"""Uses of `replace` that one text may have: `template_policy.MAX_GROWING`, which imports the filters, and they this."""
USUAL_FIX = "write the digits alone in the table, such as 1234.50, or remove the filter"
_AMOUNT = lazy_pattern(
    r"[+-]?(?P<before>[^\W\d_]{1,3}\.?|[^\w\s+.,-])?\s*(?P<digits>[+-]?\d[\d.,'’\s]*?)\s*(?P<after>[^\W\d_]{1,3}\.?|[^\w\s+.,-])?"
)
_POINT = lazy_pattern(r"[+-]?(?:\d{1,3}(?:(?P<group>[,'’\s])\d{3})+|\d+)(?:\.\d+)?")
_COMMA = lazy_pattern(r"[+-]?(?:\d{1,3}(?:(?P<group>[.'’\s])\d{3})+|\d+),\d+")
_CURRENCIES = frozenset({
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "INR", "JPY", "CNY",
    "AUD", "CAD", "NZD", "BRL", "MXN", "ZAR", "ILS", "AED", "SAR", "SGD", "HKD", "KR", "RS", "FT", "FR", "ZŁ", "KČ", "LEI", "TL",
})  # fmt: skip
"""As they are written before an amount, in capitals."""
_BEFORE_FILTER = "` before the filter"
_GROUP_WORDS = {",": "commas", ".": "points", "'": "apostrophes", "’": "apostrophes"}


class NotANumber(FilterError):
    """A filter that needs a number got `text`."""

    def __init__(self, text: str, what: str = "no number", fix: str | None = None) -> None:
        shown = quoted(text[:MAX_SHOWN]) + ("…" if len(text) > MAX_SHOWN else "")
        if fix is None and _has_decimal_comma(text):
            what += ": it has a decimal comma"
        self.text = text
        self.what = what
        self.shown = shown
        super().__init__("not-a-number", f"'{shown}' is {what}", fix or number_fix(text))


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as people write one: with the `signs` of its currency or unit, a `group` between thousands, and a decimal `mark`."""

    signs: tuple[str, ...] = ()
    group: str = ""
    mark: str = ""


def number_fix(text: str) -> str:
    """What to do with a text that isn't a number; the same for all texts with the same fault."""
    if not text:
        return "fill it in, or write `default(0)` before the filter"
    if text.lstrip()[:1] in ("{", "["):
        return "remove the filter: this is JSON, and a number in it needs a column of its own"
    match = _matched(text)
    if match is not None and _is_code(match):
        return "remove the filter if such numbers have letters, or write the digits alone in the table"
    amount = amount_of(text)
    return USUAL_FIX if amount is None else _amount_fix(amount)


def amount_of(text: str) -> Amount | None:
    """The text as an amount; None if it is something else."""
    match = _matched(text)
    if match is None or _is_code(match):
        return None
    signs = tuple(sign for sign in (match["before"], match["after"]) if sign)
    read = _POINT.fullmatch(match["digits"]) or _COMMA.fullmatch(match["digits"])
    if read is None or not all(map(_is_unit, signs)):
        return None
    mark = (
        ","
        if read.re.pattern == _COMMA.pattern
        else "."
        if "." in match["digits"].rpartition(read["group"] or "+")[2]
        else ""
    )
    return Amount(signs, read["group"] or "", mark)


@lru_cache(maxsize=256)
def _amount_fix(amount: Amount) -> str:
    return amounts_fix([amount])


def amounts_fix(amounts: Sequence[Amount]) -> str:
    """What makes numbers of all these amounts, which have one decimal mark."""
    signs = list(dict.fromkeys(sign for amount in amounts for sign in amount.signs))
    groups = list(dict.fromkeys(amount.group for amount in amounts if amount.group))
    words = [*signs, *dict.fromkeys(f"the thousands' {_GROUP_WORDS.get(group, 'spaces')}" for group in groups)]
    steps = [f"remove {', '.join(words[:-1])}{' and ' * (len(words) > 1)}{words[-1]}"] if words else []
    changes = [f"replace('{each}', '')" for each in (*signs, *groups) if each != "'"]
    if any(amount.mark == "," for amount in amounts):
        steps.append("write a decimal point in place of the comma")
        changes.append("replace(',', '.')")
    if not steps:
        return USUAL_FIX
    in_template = f", or write `{' | '.join(changes)}{_BEFORE_FILTER}" if 0 < len(changes) <= MAX_CHANGES else ""
    return f"{' and '.join(steps)} in the table{in_template}"


def is_of_template(fix: str) -> bool:
    """Whether one change of the template does as well as changing every amount in the table."""
    return fix.endswith(_BEFORE_FILTER)


def _matched(text: str) -> re.Match[str] | None:
    return _AMOUNT.fullmatch(text.strip()) if len(text) <= MAX_SHOWN else None


def _has_decimal_comma(text: str) -> bool:
    amount = _matched(text)
    return amount is not None and not _POINT.fullmatch(amount["digits"]) and bool(_COMMA.fullmatch(amount["digits"]))


def _is_code(amount: re.Match[str]) -> bool:
    """Whether it is a number with letters, such as `A17` or `12B`, rather than an amount with a currency or a unit."""
    before, after = amount["before"], amount["after"]
    if before and before.isalpha():
        return amount.end("before") == amount.start("digits") and before.upper() not in _CURRENCIES
    return bool(after) and len(after) == 1 and after.isupper() and amount.end("digits") == amount.start("after")


def _is_unit(sign: str) -> bool:
    """Whether a sign before or behind digits is a currency's or a unit's, not what makes them something else."""
    return unicodedata.category(sign[0]) == "Sc" or sign == "%" or sign.rstrip(".").isalpha()
