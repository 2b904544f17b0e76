"""Finds the column that holds the addresses, for a spec that doesn't name it."""

from __future__ import annotations

import re
from collections.abc import Callable

from sendspec.composing.first_rows import FirstRows
from sendspec.composing.template_name import written_name
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, quoted

MAX_COLUMNS = 200
_HINT = re.compile(r"phone|mobi|tel|gsm|cell|handy|msisdn|mail", re.IGNORECASE)
_NATIONAL = re.compile(r"[0-9][0-9 ()./-]{7,17}", re.ASCII)


def address_column(
    missing: str, columns: tuple[str, ...], rows: FirstRows, normalise: Callable[[str], str | Problem]
) -> str | None:
    """The column whose values are addresses in most of the first rows, or the one that is called nearly like `missing`."""
    listed = columns[:MAX_COLUMNS]
    sample = [row.values for row in rows]
    scores = {name: _score(name, [values.get(name) for values in sample], normalise) for name in listed}
    best = max(listed, key=lambda name: scores[name], default=None)
    if best is not None and scores[best][0] + scores[best][2] > 0:
        return best
    return near_miss(missing, listed)


def _score(name: str, values: list[object], normalise: Callable[[str], str | Problem]) -> tuple[int, int, int]:
    """How many values are addresses, whether the name says so, and how many may be national numbers."""
    texts = [value for value in values if isinstance(value, str) and value]
    addresses = sum(not isinstance(normalise(text), Problem) for text in texts)
    national = 0 if normalise("a@b.nl") == "a@b.nl" else sum(_NATIONAL.fullmatch(text) is not None for text in texts)
    return addresses, int(bool(_HINT.search(name))), national


def to_fix(missing: str, column: str | None) -> str:
    """How a spec names the column; None if no column seems to hold addresses."""
    if column is None:
        return f"add a column '{missing}', as no other seems to hold {'addresses' if 'mail' in missing else 'numbers'}"
    written = mask_in_place(quoted(written_name(column).replace('"', "'")))
    return f'write `to: "{{{{ {written} }}}}"` under recipients, or rename the column'
