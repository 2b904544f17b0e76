"""The first rows of a table, read only if something has to be looked up in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from sendspec.reading.tables.row import Row

MAX_ROWS = 20


class FirstRows:
    """At most `MAX_ROWS` rows, which can be read again; the first reading takes them from `rows`."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self._read: list[Row] | None = None

    def __iter__(self) -> Iterator[Row]:
        if self._read is None:
            self._read = list(islice(self._rows, MAX_ROWS))
        return iter(self._read)
