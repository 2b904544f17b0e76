"""Which keys came before, in 28 bytes each: a dictionary takes ten times that, and a list may have a million rows."""

from __future__ import annotations

from array import array
from struct import Struct

_SHORT = Struct("<Q8xQ")
_FULL = 0.7
"""The share of the index's places in use from which it is doubled."""


class Seen:
    """For each key 8 bytes of its own, 8 of a mark and a line number; found by an index of open addressing.

    Keys are hashes of 16 bytes, marks of 8 or more. Two keys of which the first 8 bytes are the same are taken for one: among a
    million keys that happens once in 37 million lists, and then shows as a conflict.
    """

    def __init__(self) -> None:
        self._keys = array("Q")
        self._marks = array("Q")
        self._lines = array("I")
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
                return self._lines[number - 1], self._marks[number - 1] == mark
            at = (at + 1) & most
        self._keys.append(short)
        self._marks.append(mark)
        self._lines.append(line)
        index[at] = len(self._keys)
        if len(self._keys) > most * _FULL:
            self._double()
        return None

    def _double(self) -> None:
        size = 2 * len(self._index)
        self._index = index = array("I", bytes(4 * size))
        most = size - 1
        for number, short in enumerate(self._keys, 1):
            at = short & most
            while index[at]:
                at = (at + 1) & most
            index[at] = number
