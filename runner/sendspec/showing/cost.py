"""The cost of a plan as text and as JSON. Amounts in JSON are text: they are exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.planning.cost import Cost, price_text
from sendspec.reading.prices import Price


def cost_words(cost: Cost) -> str:
    """`EUR 86.80 + 12 messages of unknown price`, `~ EUR 0.23 to 0.25` for a range; empty if there is nothing to send."""
    return _words(cost.totals, cost.unknown_messages)


def written_cost_words(cost: Mapping[str, Any]) -> str:
    """As `cost_words`, of the cost in a valid plan document."""
    totals = [Price(each["currency"], Decimal(each["low"]), Decimal(each["high"])) for each in cost["amounts"]]
    return _words(totals, cost["unknown_messages"])


def _words(totals: Sequence[Price], unknown_messages: int) -> str:
    parts = [price_text(total) for total in totals]
    about = "~ " if any(total.low != total.high for total in totals) else ""
    if unknown_messages:
        parts.append(f"{counted(unknown_messages, 'message')} of unknown price")
    return about + " + ".join(parts)


def country_lines(cost: Cost) -> Iterator[str]:
    """The cost by country, the dearest first."""
    rows = [
        (
            each.country,
            counted(each.messages, "message"),
            counted(each.segments, "segment") if each.segments else "",
            "unknown price" if each.price is None else price_text(each.price),
        )
        for each in cost.by_country
    ]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    for country, messages, segments, price in rows:
        yield f"{country:<{widths[0]}}  {messages:>{widths[1]}}  {segments:>{widths[2]}}  {price}"


def cost_json(cost: Cost) -> dict[str, Any]:
    totals = cost.totals
    return {
        **price_json(totals[0] if len(totals) == 1 else None),
        "unknown_messages": cost.unknown_messages,
        "prices": {"file": cost.prices.written, "sha256": cost.prices.digest},
        "amounts": [price_json(total) for total in totals],
        "by_country": [
            {
                "country": each.country,
                "messages": each.messages,
                "segments": each.segments,
                **price_json(each.price),
            }
            for each in cost.by_country
        ],
    }


def price_json(price: Price | None) -> dict[str, str | None]:
    if price is None:
        return {"currency": None, "low": None, "high": None}
    return {"currency": price.currency, "low": f"{price.low:f}", "high": f"{price.high:f}"}
