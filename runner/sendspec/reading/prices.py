"""What a segment costs in each country, as the user's own price table says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.contacts.number_country import UNKNOWN

REST = "*"
"""The country of a row for all countries that no other row names."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one segment, from `low` to `high`; the same where no range is given. Exact. `currency` has three letters."""

    currency: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class PriceTable:
    """`by_country` has two-letter codes, and `*`. `written` is the file's path as the project file writes it; `digest` its SHA-256."""

    by_country: Mapping[str, Price]
    written: str
    digest: str

    @property
    def currencies(self) -> tuple[str, ...]:
        return tuple(sorted({price.currency for price in self.by_country.values()}))

    def price_of(self, country: str) -> Price | None:
        """The price in this country; None if the table has none.

        If the country can't be told, it may be any: with a price for every country, the range is that of the whole table.
        """
        if country != UNKNOWN:
            return self.by_country.get(country, self.by_country.get(REST))
        if REST not in self.by_country or len(self.currencies) > 1:
            return None
        prices = self.by_country.values()
        low, high = min(price.low for price in prices), max(price.high for price in prices)
        return Price(self.currencies[0], low, high)
