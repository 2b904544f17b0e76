"""Tables of which `make test` runs a few rows, and `make test-long` the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

long = pytest.mark.long


def all_but(few: Iterable[object], rows: Iterable[Any]) -> list[Any]:
    """The rows for `parametrize`, marked long, all but the few.

    A row of several values is a tuple. One of the few that is no row is an error: a table changed without it.
    """
    every, kept = list(rows), list(few)
    strange = [one for one in kept if one not in every]
    assert not strange, f"no rows: {strange}"
    return [pytest.param(*_values(row), marks=() if row in kept else long) for row in every]


def every(nth: int, rows: Iterable[Any]) -> list[Any]:
    """The rows for `parametrize`, marked long, all but every nth: for tables of hundreds of rows of a kind."""
    return [pytest.param(*_values(row), marks=long if number % nth else ()) for number, row in enumerate(rows)]


def _values(row: Any) -> tuple[Any, ...]:
    return row if isinstance(row, tuple) else (row,)
