"""How a plan compares with the generation that was sent before, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.cost import Cost, price_text
from sendspec.planning.last_generation import LastGeneration
from sendspec.planning.plan import Plan
from sendspec.reading.prices import Price
from sendspec.showing.cost import cost_json, cost_words

MINUS = "−"


def last_generation_words(plan: Plan, last: LastGeneration, shown: Callable[[int], str] = grouped) -> str:
    """`generation 1: 1 150 accepted, 1 228 segments, EUR 85.96; now + 12 messages, + 12 segments, + EUR 0.84`"""
    then = [f"{shown(last.messages)} accepted"]
    if last.segments:
        then.append(counted(last.segments, "segment", None, shown))
    if last.cost is not None and (words := cost_words(last.cost)):
        then.append(words)
    now = ", ".join(_changes(plan, last, shown)) or "the same"
    return f"generation {last.generation}: {', '.join(then)}; now {now}"


def _changes(plan: Plan, last: LastGeneration, shown: Callable[[int], str]) -> Iterator[str]:
    more = plan.send - last.messages
    if more:
        yield f"{_sign(more)} {counted(abs(more), 'message', None, shown)}"
    if last.segments is not None and (longer := plan.segments.total - last.segments):
        yield f"{_sign(longer)} {counted(abs(longer), 'segment', None, shown)}"
    dearer = None if plan.cost is None or last.cost is None else _difference(last.cost, plan.cost)
    if dearer is not None and dearer.low:
        amount = abs(dearer.low)
        yield f"{_sign(dearer.low)} {price_text(Price(dearer.currency, amount, amount))}"


def _difference(before: Cost, after: Cost) -> Price | None:
    """What it costs more, negative if less; None unless both are known to the last cent, in one currency."""
    totals = [*before.totals, *after.totals]
    is_exact = all(each.low == each.high for each in totals) and not before.unknown_messages + after.unknown_messages
    if not is_exact or len({each.currency for each in totals}) != 1 or len(totals) != 2:
        return None
    more = totals[1].low - totals[0].low
    return Price(totals[0].currency, more, more)


def _sign(number: int | Decimal) -> str:
    return "+" if number > 0 else MINUS


def last_generation_json(last: LastGeneration) -> dict[str, Any]:
    return {
        "generation": last.generation,
        "messages": last.messages,
        "segments": last.segments,
        **({} if last.cost is None else {"cost": cost_json(last.cost)}),
    }
