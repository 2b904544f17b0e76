"""What a plan costs: exact, by country, with what is not known kept apart; and the limits on it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sendspec.planning.cost import Cost, cost_of, price_text, sum_of_costs
from sendspec.planning.cost_limit import exceeded_cost
from sendspec.reading.limits import Amount, Limits, amount_of, read_limits
from sendspec.reading.prices import Price, PriceTable


def price(low: str, high: str | None = None, currency: str = "EUR") -> Price:
    return Price(currency, Decimal(low), Decimal(high or low))


EURO = PriceTable({"NL": price("0.07"), "BE": price("0.1", "0.2")}, "prices.csv", "")
MIXED = PriceTable({"NL": price("0.07"), "US": price("0.01", currency="USD")}, "prices.csv", "")


def euro(nl: int = 0, be: int = 0, other: int = 0, unmeasured: int = 0) -> Cost:
    """The cost of as many messages to each country, of a segment each; `unmeasured` of those to the Netherlands have none."""
    counts = {"NL": (nl, nl - unmeasured), "BE": (be, be), "FR": (other, other)}
    return cost_of(counts, EURO, unmeasured=unmeasured)


def test_a_cost_is_exact_and_by_country_the_dearest_first() -> None:
    cost = cost_of({"FR": (3, 4), "NL": (1, 3), "BE": (1_000_000, 1_000_001), "DE": (0, 0)}, EURO, unmeasured=0)
    assert [(each.country, each.messages, each.segments, each.price) for each in cost.by_country] == [
        ("BE", 1_000_000, 1_000_001, price("100000.1", "200000.2")),
        ("NL", 1, 3, price("0.21")),
        ("FR", 3, 4, None),
    ]
    assert (cost.totals, cost.unknown_messages) == ((price("100000.31", "200000.41"),), 3)


def test_currencies_are_never_added() -> None:
    cost = cost_of({"NL": (1, 1), "US": (1, 1)}, MIXED, unmeasured=0)
    assert cost.totals == (price("0.07"), price("0.01", currency="USD"))


def test_messages_without_segments_have_no_price_rather_than_none_to_pay() -> None:
    cost = cost_of({"NL": (5, 0)}, EURO, unmeasured=5)
    assert (cost.totals, cost.unknown_messages, cost.by_country[0].price) == ((), 5, None)
    assert euro(nl=5, unmeasured=2).unknown_messages == 2


def test_costs_of_several_specs_are_added_by_country() -> None:
    assert sum_of_costs([euro(nl=2, be=1), euro(nl=3, other=4)]) == euro(nl=5, be=1, other=4)
    assert sum_of_costs([euro(nl=2), euro(nl=3, unmeasured=3)]) == euro(nl=5, unmeasured=3)


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (price("86.8"), "EUR 86.80"), (price("0.07", "0.125"), "EUR 0.07 to 0.125"), (price("1234567"), "EUR 1 234 567.00"),
        (price("0"), "EUR 0.00"), (price("100", "100.0"), "EUR 100.00"),
    ],
)  # fmt: skip
def test_a_price_is_shown_exactly_with_two_decimals_at_least(cost: Price, text: str) -> None:
    assert price_text(cost) == text


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (100, Amount(Decimal(100), None)), (0.1, Amount(Decimal("0.1"), None)),
        ("EUR 100", Amount(Decimal(100), "EUR")), ("USD 0.50", Amount(Decimal("0.50"), "USD")),
    ],
)  # fmt: skip
def test_a_limit_is_an_exact_amount(written: float | str, amount: Amount) -> None:
    assert amount_of(written) == amount
    assert read_limits({"cost": written}) == Limits(cost=(amount,))
    assert str(amount) in (str(written), "100")


def test_the_limits_of_a_spec_and_of_its_environment_both_apply() -> None:
    one, other = read_limits({"cost": "EUR 100"}), read_limits({"cost": "USD 5"})
    assert one.tightened_by(other).cost == (amount_of("EUR 100"), amount_of("USD 5"))
    assert one.tightened_by(one).cost == one.cost
    assert one.tightened_by(Limits()).cost == Limits().tightened_by(one).cost == one.cost


@pytest.mark.parametrize(
    ("cost", "limits", "problems"),
    [
        (euro(nl=10), [0.7], []),
        (euro(nl=10), ["EUR 0.70"], []),
        (euro(nl=10), [], []),
        (euro(nl=10), [0.69], ["the plan costs EUR 0.70; the limit is EUR 0.69"]),
        (euro(be=10), ["EUR 1.5"], ["the plan costs EUR 1.00 to 2.00; the limit is EUR 1.5"]),
        (euro(nl=10), ["EUR 5", 0.5], ["the plan costs EUR 0.70; the limit is EUR 0.5"]),
        (None, [1], ["the cost is limited to 1, but there are no prices"]),
        (euro(nl=1, other=2), [1], ["the cost is limited, and the price of 2 messages is unknown, by country: FR"]),
        (euro(nl=2, unmeasured=1), [1], ["the cost is limited, and 1 message has no segments to price"]),
        (euro(nl=10), ["USD 100"], ["the plan costs EUR 0.70, and the limit is in another currency: USD 100"]),
        (cost_of({"NL": (1, 1)}, MIXED, unmeasured=0), [5], ["the prices are in EUR and USD, and the limit of 5 names no currency"]),
        (cost_of({"NL": (1, 1)}, MIXED, unmeasured=0), ["EUR 5"], []),
        (cost_of({"NL": (1, 1), "US": (1, 1)}, MIXED, unmeasured=0), ["EUR 5"], ["the plan costs USD 0.01, and the limit is in another currency: EUR 5"]),
        (cost_of({"NL": (1, 1), "US": (1, 1)}, MIXED, unmeasured=0), ["EUR 5", "USD 1"], []),
    ],
)  # fmt: skip
def test_a_limit_holds_for_what_may_have_to_be_paid(
    cost: Cost | None, limits: list[float | str], problems: list[str]
) -> None:
    found = list(exceeded_cost(cost, [amount_of(limit) for limit in limits]))
    assert [each.problem for each in found] == problems
    assert all(each.fix.split()[0] in ("write", "send", "limit", "add") for each in found)
    if cost is not None and len(limits) == 1:
        assert cost.may_exceed(amount_of(limits[0])) == bool(problems)


def test_only_the_first_countries_without_a_price_are_named() -> None:
    counts = dict.fromkeys(("AT", "CH", "DE", "DK", "ES", "FR", "GB"), (1, 1))
    (found,) = exceeded_cost(cost_of(counts, EURO, unmeasured=0), [amount_of(1)])
    assert found.problem.endswith("the price of 7 messages is unknown, by country: AT, CH, DE, DK, ES and 2 more")
