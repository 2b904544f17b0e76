"""Limits on a send, from the spec and from its environment; the tighter one applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money, exact. `currency` None is that of the price table, which then has to have a single one."""

    amount: Decimal
    currency: str | None

    def __str__(self) -> str:
        """As it is written in a spec: `EUR 100`."""
        return str(self.amount) if self.currency is None else f"{self.currency} {self.amount}"


def amount_of(written: float | str) -> Amount:
    """The amount of a checked value: `100`, or `EUR 100`."""
    if isinstance(written, str):
        currency, _, amount = written.partition(" ")
        return Amount(Decimal(amount), currency)
    return Amount(Decimal(str(written)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None is no limit. `segments` and `encoding` apply to each message, the others to a run; `failure_rate` is 0 to 1.

    All amounts of `cost` apply: those of different currencies can't be compared.
    """

    messages: int | None = None
    segments: int | None = None
    total_segments: int | None = None
    cost: tuple[Amount, ...] = ()
    encoding: str | None = None
    failure_rate: float | None = None

    def tightened_by(self, other: Limits) -> Limits:
        """The lower of both values, limit by limit."""
        return Limits(**{f.name: _tighter(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)})


def _tighter(one: Any, other: Any) -> Any:
    if isinstance(one, tuple):
        return (*one, *(each for each in other if each not in one))
    present = [limit for limit in (one, other) if limit is not None]
    return min(present) if present else None


def read_limits(written: Mapping[str, Any] | None) -> Limits:
    """The limits of a checked mapping."""
    given = dict(written or {})
    cost = given.pop("cost", None)
    return Limits(**given, cost=() if cost is None else (amount_of(cost),))
