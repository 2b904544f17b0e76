"""How a plan compares with the last generation, in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from plan_reports import plan
from sendspec.planning.cost import Cost, cost_of
from sendspec.planning.last_generation import LastGeneration
from sendspec.planning.plan import Segments
from sendspec.reading.prices import Price, PriceTable
from sendspec.showing.last_generation import last_generation_words

PRICES = PriceTable(
    {
        "GB": Price("EUR", Decimal("0.04"), Decimal("0.04")),
        "NL": Price("EUR", Decimal("0.08"), Decimal("0.10")),
        "US": Price("USD", Decimal("0.01"), Decimal("0.01")),
    },
    "prices.csv",
    "0" * 64,
)


def cost(**segments: int) -> Cost:
    return cost_of({country: (count, count) for country, count in segments.items()}, PRICES, unmeasured=0)


@pytest.mark.parametrize(
    ("before", "after", "money"),
    [
        (cost(GB=10), cost(GB=12), "EUR 0.40; now + 2 messages, + 2 segments, + EUR 0.08"),
        (cost(GB=10), cost(GB=9), "EUR 0.40; now + 2 messages, + 2 segments, − EUR 0.04"),
        (cost(GB=10), cost(GB=10), "EUR 0.40; now + 2 messages, + 2 segments"),
        (cost(NL=10), cost(NL=12), "~ EUR 0.80 to 1.00; now + 2 messages, + 2 segments"),
        (cost(GB=10), cost(US=12), "EUR 0.40; now + 2 messages, + 2 segments"),
        (cost(GB=10), cost(GB=11, BE=1), "EUR 0.40; now + 2 messages, + 2 segments"),
        (cost(GB=10), None, "EUR 0.40; now + 2 messages, + 2 segments"),
    ],
)
def test_a_difference_of_cost_is_told_where_both_are_known(before: Cost, after: Cost | None, money: str) -> None:
    planned = replace(plan(send=12), segments=Segments(total=12, gsm7=12, ucs2=0), cost=after)
    last = LastGeneration(generation=1, messages=10, segments=10, cost=before)
    assert last_generation_words(planned, last) == f"generation 1: 10 accepted, 10 segments, {money}"


def test_what_is_the_same_or_was_never_measured_is_said_so() -> None:
    planned = replace(plan(send=1_204), segments=Segments(total=1_204, gsm7=1_204, ucs2=0))
    same = LastGeneration(generation=3, messages=1_204, segments=1_204)
    assert last_generation_words(planned, same) == "generation 3: 1 204 accepted, 1 204 segments; now the same"
    unmeasured = replace(same, messages=1_000, segments=None)
    assert last_generation_words(planned, unmeasured) == "generation 3: 1 000 accepted; now + 204 messages"
