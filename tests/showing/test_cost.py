"""The cost of a plan, to the letter; a plan file's reads the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sendspec.planning.cost import Cost, cost_of
from sendspec.reading.prices import Price, PriceTable
from sendspec.showing.cost import cost_json, cost_words, country_lines, in_cents, written_cost_words
from sendspec.showing.markdown import words
from sendspec.showing.pages.report_answers import cost_fact

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
    ("of", "said"),
    [
        (cost(NL=(1_121, 1_240)), "EUR 86.80"),
        (cost(NL=(1, 1), US=(10, 10)), "~ EUR 0.07 + USD 0.079 to 0.10"),
        (cost(NL=(1, 1), FR=(12, 13)), "EUR 0.07 + 12 messages of unknown price (FR)"),
        (
            cost(unknown=(1, 1), FR=(12, 13), ES=(2, 0), unmeasured=2),
            "15 messages of unknown price (FR, unknown country, 2 not measured)",
        ),
        (cost(US=(1_000, 1_300)), "~ USD 10.27 to 13.00"),
        (
            cost(0, **dict.fromkeys("ABCDEFGHIJKLMN", (1, 1))),
            "14 messages of unknown price (A, B, C, D, E, F, G, H, I, J, K, L, 2 more)",
        ),
        (cost(NL=(1, 0), unmeasured=1), "1 message of unknown price"),
        (cost(), ""),
    ],
)
def test_a_cost_in_words(of: Cost, said: str) -> None:
    assert cost_words(of) == said
    assert written_cost_words(cost_json(of)) == said


@pytest.mark.parametrize(
    ("amounts", "cost_shown", "saving_shown"),
    [("136.286", "136.29", "136.28"), ("136.28", "136.28", "136.28"), ("0.123", "0.123", "0.123"), ("1.0001", "1.01", "1.00"),
     ("0.999 1.001", "0.999 1.01", "0.999 1.01"), ("2.349 2.351", "2.34 2.36", "2.34 2.36")],
)  # fmt: skip
def test_amounts_from_1_are_rounded_to_cents_so_that_nothing_turns_out_worse(
    amounts: str, cost_shown: str, saving_shown: str
) -> None:
    low, high = (amounts.split() * 2)[:2]
    price = Price("EUR", Decimal(low), Decimal(high))
    for is_saving, shown in ((False, cost_shown), (True, saving_shown)):
        found = in_cents(price, is_saving=is_saving)
        assert [str(found.low), str(found.high)] == (shown.split() * 2)[:2]


def test_a_rounded_cost_is_about_that_and_its_json_is_exact() -> None:
    of = cost_of({"GB": (822, 2_466)}, PriceTable({"GB": Price("EUR", Decimal("0.041"), Decimal("0.041"))}, "p.csv", "0"), unmeasured=0)  # fmt: skip
    assert (cost_words(of), cost_json(of)["low"], list(country_lines(of))) == (
        "~ EUR 101.11", "101.106", ["GB  822 messages  2 466 segments  EUR 101.106"],
    )  # fmt: skip
    assert words.cost_words(of) == "~ 101.11 EUR"
    assert cost_fact("3 segments", of).value == "~ EUR 101.11"


def test_the_cost_by_country_is_a_table() -> None:
    lines = list(country_lines(cost(NL=(1_121, 1_240), US=(1, 1), FR=(12, 13), ES=(3, 0), unmeasured=3)))
    assert lines == [
        "NL  1 121 messages  1 240 segments  EUR 86.80",
        "US       1 message       1 segment  USD 0.0079 to 0.01",
        "FR     12 messages     13 segments  unknown price",
        "ES      3 messages                  unknown price",
    ]
