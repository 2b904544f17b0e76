"""The cost of a plan as text and as JSON. Amounts in JSON are text: they are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.cost import Cost, price_text
from sendspec.reading.contacts.number_country import UNKNOWN
from sendspec.reading.prices import Price

COUNTRIES_NAMED = 12
_CENT = Decimal("0.01")


def cost_words(cost: Cost) -> str:
    """`EUR 86.80 + 12 messages of unknown price (FR)`, `~ EUR 0.23 to 0.25` for a range; empty if there is nothing to send.

    Amounts from 1 are rounded up to cents, and said to be about that: `136.286` reads as a hundred thousand where blanks part thousands.
    """
    return _words(cost.totals, unknown_words(cost))


def unknown_words(cost: Cost, shown: Callable[[int], str] = grouped) -> str:
    """`12 messages of unknown price (FR, ES)`: the countries without a price are named. Empty if all prices are known."""
    return _unknown_words({each.country: each.messages for each in cost.unpriced}, cost.unknown_messages, shown)


def written_cost_words(cost: Mapping[str, Any]) -> str:
    """As `cost_words`, of the cost in a valid plan document."""
    totals = [Price(each["currency"], Decimal(each["low"]), Decimal(each["high"])) for each in cost["amounts"]]
    unpriced = {
        each["country"]: each["messages"] for each in cost["by_country"] if each["low"] is None and each["segments"]
    }
    return _words(totals, _unknown_words(unpriced, cost["unknown_messages"], grouped))


def in_cents(price: Price, *, is_saving: bool = False) -> Price:
    """With amounts from 1 rounded to cents: a cost up and a saving down, so that neither turns out worse; a range gets wider."""
    if price.low != price.high:
        return Price(price.currency, _cents(price.low, ROUND_FLOOR), _cents(price.high, ROUND_CEILING))
    amount = _cents(price.low, ROUND_FLOOR if is_saving else ROUND_CEILING)
    return Price(price.currency, amount, amount)


def _cents(amount: Decimal, rounding: str) -> Decimal:
    """Smaller amounts are mostly prices of a message: half a cent counts in them."""
    return amount if amount < 1 else amount.quantize(_CENT, rounding)


def amounts_words(totals: Sequence[Price]) -> str:
    """`EUR 86.80 + USD 3.00`, `~ EUR 136.29` if it is rounded."""
    shown = [in_cents(total) for total in totals]
    is_about = any(total.low != total.high for total in totals) or shown != list(totals)
    return ("~ " if is_about else "") + " + ".join(map(price_text, shown))


def _words(totals: Sequence[Price], unknown: str) -> str:
    return " + ".join(filter(None, [amounts_words(totals), unknown]))


def _unknown_words(unpriced: Mapping[str, int], messages: int, shown: Callable[[int], str]) -> str:
    if not messages:
        return ""
    names = ["unknown country" if country == UNKNOWN else country for country in unpriced]
    left = len(names) - COUNTRIES_NAMED
    named = [*names[:COUNTRIES_NAMED], *([f"{left} more"] if left > 0 else [])]
    if names and (unmeasured := messages - sum(unpriced.values())):
        named.append(f"{shown(unmeasured)} not measured")
    return f"{counted(messages, 'message', None, shown)} of unknown price" + (f" ({', '.join(named)})" if named else "")


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
