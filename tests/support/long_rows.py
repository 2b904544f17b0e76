"""Tables of which `make test` runs a few rows, and `make test-long` the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

long = pytest.mark.long
_PARAM: type[Any] = type(pytest.param())


def all_but(few: Iterable[object], rows: Iterable[Any]) -> list[Any]:
    """The rows for `parametrize`, marked long, all but the few.

    A row of several values is a tuple. One of the few that is no row is an error: a table changed without it.
    """
    table, kept = list(rows), list(few)
    strange = [one for one in kept if one not in table]
    assert not strange, f"no rows: {strange}"
    return [_row(row, is_long=row not in kept) for row in table]


def every(nth: int, rows: Iterable[Any]) -> list[Any]:
    """The rows for `parametrize`, marked long, all but every nth: for tables of hundreds of rows of a kind."""
    return [_row(row, is_long=number % nth != 0) for number, row in enumerate(rows)]


def _row(row: Any, *, is_long: bool) -> Any:
    marks = [long] if is_long else []
    if isinstance(row, _PARAM):  # it is a tuple, too
        return pytest.param(*row.values, marks=[*row.marks, *marks], id=row.id)
    return pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=marks)
