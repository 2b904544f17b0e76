"""What a text has in it that keeps it from being a number, and what to do about that."""

from __future__ import annotations

import re
import unicodedata

from sendspec.composing.render_budget import FilterError
from sendspec.diagnostics.redaction import quoted

MAX_SHOWN = 40
_AMOUNT = re.compile(
    r"[+-]?(?P<before>[^\W\d_]{1,3}\.?|[^\w\s+.,-])?\s*(?P<digits>[+-]?\d[\d.,'’\s]*?)\s*(?P<after>[^\W\d_]{1,3}\.?|[^\w\s+.,-])?"
)
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:(?P<group>[,'’\s])\d{3})+|\d+)(?:\.\d+)?")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:(?P<group>[.'’\s])\d{3})+|\d+),\d+")
_CURRENCIES = frozenset({
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "INR", "JPY", "CNY",
    "AUD", "CAD", "NZD", "BRL", "MXN", "ZAR", "ILS", "AED", "SAR", "SGD", "HKD", "KR", "RS", "FT", "FR", "ZŁ", "KČ", "LEI", "TL",
})  # fmt: skip
"""As they are written before an amount, in capitals."""
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


def number_fix(text: str) -> str:
    """What to do with a text that isn't a number; the same for all texts with the same fault."""
    usual = "write the digits alone in the table, such as 1234.50, or remove the filter"
    if not text:
        return "fill it in, or write `default(0)` before the filter"
    if text.lstrip()[:1] in ("{", "["):
        return "remove the filter: this is JSON, and a number in it needs a column of its own"
    amount = _AMOUNT.fullmatch(text.strip()) if len(text) <= MAX_SHOWN else None
    if amount is None:
        return usual
    if _is_code(amount):
        return "remove the filter if such numbers have letters, or write the digits alone in the table"
    signs = [sign for sign in (amount["before"], amount["after"]) if sign and _is_unit(sign)]
    if len(signs) != sum(1 for sign in (amount["before"], amount["after"]) if sign):
        return usual
    read = _POINT.fullmatch(amount["digits"]) or _COMMA.fullmatch(amount["digits"])
    if read is None:
        return usual
    removed = [*signs, *([read["group"]] if read["group"] else [])]
    words = [*signs, *([f"the thousands' {_GROUP_WORDS.get(read['group'], 'spaces')}"] if read["group"] else [])]
    steps = [f"remove {' and '.join(words)}"] if words else []
    changes = [f"replace('{each}', '')" for each in removed if each != "'"]
    if read.re is _COMMA:
        steps.append("write a decimal point in place of the comma")
        changes.append("replace(',', '.')")
    if not steps:
        return usual
    in_template = f", or write `{' | '.join(changes)}` before the filter" if 0 < len(changes) <= 2 else ""
    return f"{' and '.join(steps)} in the table{in_template}"


def _has_decimal_comma(text: str) -> bool:
    amount = _AMOUNT.fullmatch(text.strip()) if len(text) <= MAX_SHOWN else None
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
