"""What to write instead of limits and amounts of money that are written otherwise than they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.schema.schema_problem import SchemaProblem

CURRENCY_BY_SIGN = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_MAX_SHOWN = 40
_GROUPED = lazy_pattern(r"[0-9]{1,3}[.][0-9]{3}", re.ASCII)
_AMOUNT = lazy_pattern(
    r"(?P<before>[A-Za-z]{3}|[€$£¥])? ?(?P<whole>[0-9]{1,3}(?:[., '][0-9]{3})+|[0-9]{1,9})(?:[.,](?P<cents>[0-9]{1,2}))?"
    r" ?(?P<after>[A-Za-z]{3}|[€$£¥])?",
    re.ASCII,
)


def whole_number_fix(written: str, value: float) -> str | None:
    """For a number with a point where a whole one is needed: `1.000` may be a thousand. None if there is nothing to propose."""
    if _GROUPED.fullmatch(written):
        other = str(int(value)) if value.is_integer() else f"a number without a fraction, such as {int(value) + 1}"
        return f"write {written.replace('.', '')} if the point groups thousands, or {other}"
    return f"write {int(value)}" if value.is_integer() else None


def limit_advice(fault: SchemaProblem, limits: Any) -> SchemaProblem | None:
    """A fault below `limits`, whose whole value is given, in better words; None if there are none."""
    if fault.code == "unknown-key" and str(fault.at[-1]).isdigit():
        return replace(fault, fix=_without_comma(str(fault.at[-1]), limits))
    if fault.at[-1] == "cost" and isinstance(limits, Mapping) and isinstance(limits.get("cost"), str):
        written = limits["cost"]
        fix = _amount_fix(written) or "write a number, or a currency and a number, such as EUR 100"
        return replace(fault, problem=f"'{quoted(written[:_MAX_SHOWN])}' {_why_no_amount(written)}", fix=fix)
    return None


def _why_no_amount(written: str) -> str:
    found = _AMOUNT.fullmatch(written.strip())
    if found is None:
        return "is no amount"
    if found["after"]:
        return "has the currency behind the amount" if not found["before"] else "has two currencies"
    if found["before"] in CURRENCY_BY_SIGN:
        return "has a sign where the three letters of a currency belong"
    if not found["before"]:
        return "is in quotes, so it is text, not a number"
    currency = found["before"]
    faults = [
        *(["has its currency in small letters"] if not currency.isupper() else []),
        *(["has no space before the amount"] if written.strip()[3:4] != " " else []),
        *(["has a sign between thousands"] if not found["whole"].isdecimal() else []),
        *(["has a comma where a point belongs"] if re.search(r",[0-9]{1,2}\Z", written.strip()) else []),
    ]
    return " and ".join(faults).replace("and has", "and") or "is not a currency in capitals, a space, and an amount"


def _without_comma(rest: str, limits: Any) -> str:
    """`{cost: 60,00}` is a cost of 60, and a key 00."""
    cost = limits.get("cost") if isinstance(limits, Mapping) else None
    if len(rest) <= 2 and isinstance(cost, int | str) and _AMOUNT.fullmatch(str(cost)):
        return _amount_fix(f"{cost}.{rest}") or f"write {cost}.{rest}"
    return "write the number without a comma: 5000"


def _amount_fix(written: str) -> str | None:
    found = _AMOUNT.fullmatch(written.strip())
    if found is None or (found["before"] and found["after"]):
        return None
    currency = found["before"] or found["after"] or ""
    currency = CURRENCY_BY_SIGN.get(currency, currency.upper())
    amount = re.sub(r"[^0-9]", "", found["whole"]) + (f".{found['cents']}" if found["cents"] else "")
    if not currency:
        return f"write {amount}, {'with a point and ' if '.' in amount else ''}without quotes"
    return f"write {currency} {amount}"
