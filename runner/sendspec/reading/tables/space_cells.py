"""Cells of nothing but spaces, which count as empty: nobody sees that they hold something."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.tables.delimiter import SPACES

_SPACES = frozenset(SPACES)
_IN_ASCII = tuple(space for space in SPACES if space.isascii())
_MORE = b"(?:" + b"|".join(re.escape(space.encode()) for space in SPACES) + b")*"


class SpaceCells:
    """Finds such cells in the lines of one table. Most tables have none, and each byte of all is looked at, so this must be quick."""

    def __init__(self, delimiter: str) -> None:
        end = b'(?=["\\r\\n' + re.escape(delimiter.encode()) + b"]|\\Z)"
        self._delimiter = delimiter
        self._starts_by_space = {
            space: [
                (start, lazy_pattern(re.escape(start) + _MORE + end))
                for start in (f"{before}{space}".encode() for before in (delimiter, "\n", '"'))
            ]
            for space in SPACES
            if space != delimiter
        }

    def are_in(self, body: bytes) -> bool:
        """Whether some cell may be of spaces. Without quotes, the first cells of rows aren't looked at."""
        has_quotes = b'"' in body
        for space in _IN_ASCII if body.isascii() else SPACES:
            if space == self._delimiter or space.encode() not in body:
                continue
            if body.startswith(space.encode()):
                return True
            for start, cell in self._starts_by_space[space][: None if has_quotes else 1]:
                if start in body and cell.search(body):
                    return True
        return False

    def are_among(self, rows: list[list[str]]) -> bool:
        """Whether some cell may be of spaces: it begins with one."""
        return not _SPACES.isdisjoint({cell[:1] for cells in rows for cell in cells})


def emptied(rows: list[list[str]]) -> list[list[str]]:
    """The rows, with an empty cell for each of nothing but spaces."""
    return [[cell if cell.strip(SPACES) else "" for cell in cells] for cells in rows]
