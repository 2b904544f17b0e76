"""The limit on what a run costs. A cost that isn't known in full is above every limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.planning.cost import Cost, price_text
from sendspec.planning.exceeded_limit import ExceededLimit
from sendspec.reading.limits import Amount

COST = "cost"
"""The key under `limits`."""
_PRICES_FIX = "write `prices: FILE` in sendspec.yaml, for a table country,segment,currency"
_MOST_NAMED = 5


def exceeded_cost(cost: Cost | None, limits: Sequence[Amount]) -> Iterator[ExceededLimit]:
    """Why the cost is above one of the limits, or may be. `cost` None: the project has no prices."""
    if not limits:
        return
    if cost is None:
        yield ExceededLimit(COST, f"the cost is limited to {_all(limits)}, but there are no prices", _PRICES_FIX)
        return
    yield from _unknown_prices(cost)
    if len(cost.currencies) > 1 and any(limit.currency is None for limit in limits):
        problem = (
            f"the prices are in {' and '.join(cost.currencies)}, and the limit of {_all(limits)} names no currency"
        )
        yield ExceededLimit(COST, problem, f"write the currency: `limits: {{cost: {cost.currencies[0]} …}}`")
        return
    for total in cost.totals:
        applying = [limit.amount for limit in limits if limit.currency in (None, total.currency)]
        if not applying:
            problem = f"the plan costs {price_text(total)}, and the limit is in another currency: {_all(limits)}"
            yield ExceededLimit(COST, problem, f"write all prices in {limits[0].currency}, or limit {total.currency}")
        elif total.high > min(applying):
            problem = f"the plan costs {price_text(total)}; the limit is {total.currency} {min(applying)}"
            yield ExceededLimit(COST, problem, "send to fewer recipients, or raise `limits: {cost: …}`")


def _unknown_prices(cost: Cost) -> Iterator[ExceededLimit]:
    if cost.unmeasured:
        problem = (
            f"the cost is limited, and {counted(cost.unmeasured, 'message has', 'messages have')} no segments to price"
        )
        yield ExceededLimit(COST, problem, "limit `messages` instead of `cost`")
    if cost.unpriced:
        messages = cost.unknown_messages - cost.unmeasured
        listed = [each.country for each in cost.unpriced]
        more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
        problem = (
            f"the cost is limited, and the price of {counted(messages, 'message')} is unknown,"
            f" by country: {', '.join(listed[:_MOST_NAMED])}{more}"
        )
        yield ExceededLimit(COST, problem, f"add rows to {printable(cost.prices.written)}, or one for `*`")


def _all(limits: Iterable[Amount]) -> str:
    return " and ".join(map(str, limits))
