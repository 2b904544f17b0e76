"""Phrases of our own in Markdown: numbers with commas, amounts, and details that unfold."""

from __future__ import annotations

from sendspec.diagnostics.wording import counted
from sendspec.planning.cost import Cost
from sendspec.planning.plan import Segments
from sendspec.reading.prices import Price
from sendspec.showing.cost import in_cents, unknown_words


def number(value: int) -> str:
    """`1,204`."""
    return f"{value:,}"


def many(value: int, singular: str, plural: str | None = None) -> str:
    """`1 message`, `1,204 messages`."""
    return counted(value, singular, plural, number)


def amount(price: Price) -> str:
    """`106.50 EUR`, `86.80 to 90.00 EUR`: exact, with two decimals at least."""
    low, high = _decimals(f"{price.low.normalize():f}"), _decimals(f"{price.high.normalize():f}")
    return f"{low if low == high else f'{low} to {high}'} {price.currency}"


def _decimals(written: str) -> str:
    whole, _, decimals = written.partition(".")
    return f"{int(whole):,}.{decimals.ljust(2, '0')}"


def cost_words(cost: Cost | None) -> str:
    """`106.50 EUR + 12 messages of unknown price (FR)`, `~ 90.23 EUR` if it is rounded; empty where nothing is known of it."""
    if cost is None:
        return ""
    shown = [in_cents(total) for total in cost.totals]
    about = "" if shown == list(cost.totals) else "~ "
    return about + " + ".join(filter(None, [*map(amount, shown), unknown_words(cost, number)]))


def segment_words(segments: Segments) -> str:
    """`1,240 segments (GSM-7 1,121 · UCS-2 41)`; empty where nothing is measured."""
    if not segments.total:
        return ""
    kinds = [f"{name} {number(count)}" for name, count in (("GSM-7", segments.gsm7), ("UCS-2", segments.ucs2)) if count]
    return f"{many(segments.total, 'segment')} ({' · '.join(kinds)})"


def change_words(before: int, after: int) -> str:
    """`120 → 95 (−25)`; the number alone if it is the same."""
    if before == after:
        return number(after)
    return f"{number(before)} → {number(after)} ({'+' if after > before else '−'}{number(abs(after - before))})"


def unfolding(title: str) -> tuple[str, str]:
    """What stands before and behind a text that unfolds. `title` is of our own words, or is HTML."""
    return f"<details><summary>{title}</summary>\n\n", "\n\n</details>"
