"""The cost of a plan, to the letter; a plan file's reads the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sendspec.planning.cost import Cost, cost_of
from sendspec.reading.prices import Price, PriceTable
from sendspec.showing.cost import cost_json, cost_words, country_lines, written_cost_words

PRICES = PriceTable(
    {
        "NL": Price("EUR", Decimal("0.07"), Decimal("0.07")),
        "US": Price("USD", Decimal("0.0079"), Decimal("0.01")),
    },
    "prices.csv",
    "0" * 64,
)


def cost(unmeasured: int = 0, **counts: tuple[int, int]) -> Cost:
    return cost_of(counts, PRICES, unmeasured=unmeasured)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (cost(NL=(1_121, 1_240)), "EUR 86.80"),
        (cost(NL=(1, 1), US=(10, 10)), "~ EUR 0.07 + USD 0.079 to 0.10"),
        (cost(NL=(1, 1), FR=(12, 13)), "EUR 0.07 + 12 messages of unknown price"),
        (cost(NL=(1, 0), unmeasured=1), "1 message of unknown price"),
        (cost(), ""),
    ],
)
def test_a_cost_in_words(of: Cost, words: str) -> None:
    assert cost_words(of) == words
    assert written_cost_words(cost_json(of)) == words


def test_the_cost_by_country_is_a_table() -> None:
    lines = list(country_lines(cost(NL=(1_121, 1_240), US=(1, 1), FR=(12, 13), ES=(3, 0), unmeasured=3)))
    assert lines == [
        "NL  1 121 messages  1 240 segments  EUR 86.80",
        "US       1 message       1 segment  USD 0.0079 to 0.01",
        "FR     12 messages     13 segments  unknown price",
        "ES      3 messages                  unknown price",
    ]
