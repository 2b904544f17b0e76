"""Which keys came before, in some 26 bytes each: a dictionary takes ten times that, and a list may have a million rows."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from struct import Struct

_SHORT = Struct("<Q8xQ")
_FULL = 0.7
"""The share of the index's places in use from which it is doubled."""


class Seen:
    """For each key 8 bytes of its own and 8 of a mark; found by an index of open addressing.

    Lines mostly follow each other, so only where they don't is it noted by how much the line is ahead of the number of keys.
    Keys are hashes of 16 bytes, marks of 8 or more. Two keys of which the first 8 bytes are the same are taken for one: among a
    million keys that happens once in 37 million lists, and then shows as a conflict.
    """

    def __init__(self) -> None:
        self._keys = array("Q")
        self._marks = array("Q")
        self._ahead = 0
        self._jumps, self._aheads = array("I"), array("I")
        self._index = array("I", bytes(4 * 1024))

    def first(self, sealed: bytes, line: int) -> tuple[int, bool] | None:
        """The line that a key was first seen on, and whether its mark was the same one; None, and noted, for a new key.

        `sealed` is the key, followed by the mark.
        """
        short, mark = _SHORT.unpack_from(sealed)
        index = self._index
        most = len(index) - 1
        at = short & most
        while number := index[at]:
            if self._keys[number - 1] == short:
                return self._line(number), self._marks[number - 1] == mark
            at = (at + 1) & most
        self._keys.append(short)
        self._marks.append(mark)
        index[at] = count = len(self._keys)
        if line - count != self._ahead:
            self._ahead = line - count
            self._jumps.append(count)
            self._aheads.append(self._ahead)
        if count > most * _FULL:
            self._double()
        return None

    def _line(self, number: int) -> int:
        """The line of the key with this number, from 1."""
        jump = bisect_right(self._jumps, number)
        return number + (self._aheads[jump - 1] if jump else 0)

    def _double(self) -> None:
        size = 2 * len(self._index)
        self._index = index = array("I", bytes(4 * size))
        most = size - 1
        for number, short in enumerate(self._keys, 1):
            at = short & most
            while index[at]:
                at = (at + 1) & most
            index[at] = number
