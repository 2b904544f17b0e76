"""What segments that are not sent would have cost. An unknown price is never counted as nothing, and currencies are never added."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.prices import Price, PriceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCost:
    """The known amounts, one for each currency, and the number of segments whose price is unknown."""

    amounts: tuple[Price, ...]
    unknown_segments: int


def saved_cost(segments_by_country: Mapping[str, int], prices: PriceTable) -> SavedCost:
    low: dict[str, Decimal] = {}
    high: dict[str, Decimal] = {}
    unknown = 0
    for country, segments in segments_by_country.items():
        price = prices.price_of(country)
        if price is None:
            unknown += segments
            continue
        low[price.currency] = low.get(price.currency, Decimal()) + price.low * segments
        high[price.currency] = high.get(price.currency, Decimal()) + price.high * segments
    return SavedCost(
        amounts=tuple(Price(currency, low[currency], high[currency]) for currency in sorted(low)),
        unknown_segments=unknown,
    )
