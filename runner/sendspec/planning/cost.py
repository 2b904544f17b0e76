"""What the messages of a plan cost, by country. An unknown price is never counted as nothing, and currencies are never added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.limits import Amount
from sendspec.reading.prices import Price, PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryCost:
    """The messages to one country. `price` is that of all their segments together; None: it is unknown.

    Messages whose text isn't measured have no segments, and so no price.
    """

    country: str
    messages: int
    segments: int
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The dearest country first, by the prices in `prices`. `unmeasured` counts messages without segments."""

    by_country: tuple[CountryCost, ...]
    prices: PriceTable
    unmeasured: int = 0

    @property
    def currencies(self) -> tuple[str, ...]:
        """Those of the price table."""
        return self.prices.currencies

    @property
    def totals(self) -> tuple[Price, ...]:
        """The known costs, one for each currency."""
        by_currency: dict[str, list[Price]] = {}
        for each in self.by_country:
            if each.price is not None:
                by_currency.setdefault(each.price.currency, []).append(each.price)
        return tuple(_sum(by_currency[currency]) for currency in sorted(by_currency))

    @property
    def unpriced(self) -> tuple[CountryCost, ...]:
        """The countries that the table has no price for."""
        return tuple(each for each in self.by_country if each.price is None and each.segments)

    @property
    def unknown_messages(self) -> int:
        """Messages whose price is unknown."""
        return sum(each.messages for each in self.unpriced) + self.unmeasured

    def may_exceed(self, amount: Amount) -> bool:
        """Whether it is more than `amount`, or may be."""
        currency = amount.currency or (self.currencies[0] if len(self.currencies) == 1 else None)
        return self.unknown_messages > 0 or any(
            total.currency != currency or total.high > amount.amount for total in self.totals
        )


def cost_of(by_country: Mapping[str, tuple[int, int]], prices: PriceTable, *, unmeasured: int) -> Cost:
    """The cost of messages, given by country as their number and that of their segments. `unmeasured` of them have none."""
    found = [
        CountryCost(
            country=country,
            messages=messages,
            segments=segments,
            price=_times(prices.price_of(country) if segments else None, segments),
        )
        for country, (messages, segments) in by_country.items()
        if messages
    ]
    return Cost(by_country=tuple(sorted(found, key=_order)), prices=prices, unmeasured=unmeasured)


def sum_of_costs(costs: Iterable[Cost | None]) -> Cost | None:
    """The costs of several specs together, all by the same prices; None where none is known."""
    known = [cost for cost in costs if cost is not None]
    if not known:
        return None
    of_country: dict[str, list[CountryCost]] = {}
    for each in (country for cost in known for country in cost.by_country):
        of_country.setdefault(each.country, []).append(each)
    found = []
    for country, parts in of_country.items():
        prices = [each.price for each in parts if each.price is not None]
        messages, segments = sum(each.messages for each in parts), sum(each.segments for each in parts)
        price = _sum(prices) if prices else None
        found.append(CountryCost(country=country, messages=messages, segments=segments, price=price))
    unmeasured = sum(cost.unmeasured for cost in known)
    return Cost(by_country=tuple(sorted(found, key=_order)), prices=known[0].prices, unmeasured=unmeasured)


def price_text(price: Price) -> str:
    """`EUR 86.80`, `EUR 86.80 to 90.00`: exact, with two decimals at least."""
    low, high = _plain(price.low), _plain(price.high)
    return f"{price.currency} {low}" if price.low == price.high else f"{price.currency} {low} to {high}"


def _plain(amount: Decimal) -> str:
    text = f"{amount.normalize():f}"
    whole, _, decimals = text.partition(".")
    return f"{int(whole):,}".replace(",", " ") + f".{decimals.ljust(2, '0')}"


def _times(price: Price | None, segments: int) -> Price | None:
    return None if price is None else Price(price.currency, price.low * segments, price.high * segments)


def _sum(prices: Sequence[Price]) -> Price:
    """The sum of at least one price, all in one currency."""
    low, high = sum((price.low for price in prices), Decimal()), sum((price.high for price in prices), Decimal())
    return Price(prices[0].currency, low, high)


def _order(cost: CountryCost) -> tuple[bool, Decimal, int, str]:
    """The dearest first, those of unknown price last."""
    return (cost.price is None, -(cost.price.high if cost.price else Decimal()), -cost.messages, cost.country)
