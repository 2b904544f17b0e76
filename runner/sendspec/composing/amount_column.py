"""What makes numbers of all amounts of a column. A change that suits one cell may spoil another: without its points, 12.50 is 1250."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sendspec.composing.number_fault import Amount, amount_of, amounts_fix
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted

_ONE_POINT = lazy_pattern(r"[+-]?[0-9]{1,3}\.[0-9]{3}")
"""A thousand or more, or one with three decimals: only the other cells tell."""


def column_fix(column: str, texts: Iterable[str]) -> str | None:
    """The fix for the amounts of a column with these cells; None if none of them is an amount."""
    example_by_amount: dict[Amount, str] = {}
    for text in texts:
        amount = amount_of(text)
        if amount is not None:
            example_by_amount.setdefault(amount, text.strip())
    comma, point = (_example(example_by_amount, mark) for mark in ",.")
    if comma is not None and point is not None:
        return (
            f"write all numbers of '{quoted(column)}' with a decimal point in the table: some have a comma, such as "
            f"'{quoted(comma)}', some a point, such as '{quoted(point)}', and no filter suits both"
        )
    amounts = list(example_by_amount) if comma is None else list(map(_with_comma, example_by_amount))
    return amounts_fix(amounts) if amounts else None


def _with_comma(amount: Amount) -> Amount:
    """The amount as it is read where others have a decimal comma: 1.250 is more than a thousand there, and 1,250 is not."""
    if amount.mark == ".":
        return replace(amount, group=".", mark="")
    return replace(amount, group="", mark=",") if amount.group == "," else amount


def _example(example_by_amount: dict[Amount, str], mark: str) -> str | None:
    """An amount with this decimal mark. A single point before three digits may as well be one of thousands."""
    found = (text for amount, text in example_by_amount.items() if amount.mark == mark)
    return next((text for text in found if mark == "," or not _ONE_POINT.search(text)), None)
