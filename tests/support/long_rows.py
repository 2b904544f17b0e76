"""Tables of which `make test` runs a few rows, and `make test-long` the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

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


def holds_for(
    few: int, many: int, *strategies: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law that is searched with a few examples, and with many in long runs."""

    def searched(law: Callable[..., None]) -> Callable[..., None]:
        @pytest.mark.parametrize("examples", all_but([few], [few, many]))
        def search(examples: int) -> None:
            settings(max_examples=examples)(given(*strategies)(_copied(law)))()

        search.__name__, search.__doc__, search.__module__ = law.__name__, law.__doc__, law.__module__
        return search

    return searched


def _copied(law: Callable[..., None]) -> Callable[..., None]:
    """A function of its own, as one takes its number of examples once."""

    @wraps(law)
    def copied(**values: Any) -> None:
        law(**values)

    return copied


def _row(row: Any, *, is_long: bool) -> Any:
    marks = [long] if is_long else []
    if isinstance(row, _PARAM):  # it is a tuple, too
        return pytest.param(*row.values, marks=[*row.marks, *marks], id=row.id)
    return pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=marks)
