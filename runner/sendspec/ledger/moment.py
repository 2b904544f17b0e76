"""The times that a ledger holds, in Unix seconds, and whether a value can be one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sendspec.diagnostics.wording import counted

MIN_MOMENT, MAX_MOMENT = -62_000_000_000.0, 253_300_000_000.0
"""In the years 5 and 9996: Python can write each moment in between in every time zone."""
MOMENTS = {
    "run": ("started_at", "ended_at", "clock_offset"),
    "spec": ("claimed_at",),
    "plan": ("at",),
    "message": ("updated_at", "scheduled_for", "first_claimed_at"),
    "absence": ("at",),
}
"""The columns that hold times, by table."""


def is_moment(value: float) -> bool:
    return MIN_MOMENT <= value <= MAX_MOMENT


def noted_moment(text: str) -> float | None:
    """The moment that a note holds; None for any other text."""
    with suppress(ValueError):
        moment = float(text)
        return moment if is_moment(moment) else None
    return None


def odd_moments(
    query: Callable[[str], Sequence[Any]], columns_by_table: dict[str, tuple[str, ...]], odd: str
) -> list[str]:
    """What is wrong with times in a ledger, in words. `query` returns the rows of a query, `odd` is a condition on `{column}`."""
    found = []
    for table, columns in columns_by_table.items():
        condition = " OR ".join(odd.format(column=column) for column in columns)
        if count := query(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]:
            found.append(f"{counted(count, 'row')} of {table} {'has' if count == 1 else 'have'} a time that is none")
    return found
