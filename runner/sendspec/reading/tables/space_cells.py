"""Cells of nothing but spaces, which count as empty: nobody sees that they hold something."""

from __future__ import annotations

from sendspec.reading.tables.delimiter import SPACES

_IN_ASCII = tuple(space for space in SPACES if space.isascii())


class SpaceCells:
    """Finds and empties such cells in the rows of one table. Most tables have none, and looking for them must be quick."""

    def __init__(self, delimiter: str) -> None:
        before = [each.encode() for each in (delimiter, "\n", '"')]
        self._starts_by_space = {
            space: (space.encode(), [each + space.encode() for each in before])
            for space in SPACES
            if space != delimiter
        }

    def may_be_in(self, body: bytes) -> bool:
        """Whether some cell of these lines begins with a space. Looks for the space alone first, which takes no time."""
        for space in _IN_ASCII if body.isascii() else SPACES:
            if space in self._starts_by_space:
                written, starts = self._starts_by_space[space]
                if written in body and (body.startswith(written) or any(start in body for start in starts)):
                    return True
        return False


def emptied(rows: list[list[str]]) -> list[list[str]]:
    """The rows, with an empty cell for each of nothing but spaces."""
    return [[cell if cell.strip(SPACES) else "" for cell in cells] for cells in rows]
