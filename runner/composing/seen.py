"""Which keys came before, in some 20 bytes each: a dictionary takes ten times that, and a list may have a million rows."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from struct import Struct

_FULL = 0.7
"""The share of the index's places that are in use at most."""


class Seen:
    """For each key 8 bytes of its own and 4 of a mark; found by an index of open addressing.

    Lines mostly follow each other, so only where they don't is it noted by how much the line is ahead of the number of keys.
    Two keys of which the first 8 bytes are the same are taken for one: among a million keys that happens once in 37 million
    lists, and then mostly shows as a conflict.
    """

    def __init__(self, layout: Struct) -> None:
        """`layout` takes a short key and a mark, as unsigned numbers of 8 and 4 bytes, out of what is given of each."""
        self._layout = layout
        self._keys = array("Q")
        self._marks = array("I")
        self._ahead = 0
        self._jumps, self._aheads = array("I"), array("I")
        self._index = array("I", bytes(4 * 1024))

    def take(self, given: bytes, lines: Iterable[int]) -> list[tuple[int, int, bool]]:
        """Notes the new ones among the keys that stand one after the other in `given`, on these lines.

        Of each that came before: its place in `given`, the line it was first seen on, and whether its mark was the same one.
        """
        again: list[tuple[int, int, bool]] = []
        keys, marks, count = self._keys, self._marks, len(self._keys)
        index = self._with_room_for(count + len(given) // self._layout.size)
        most, ahead = len(index) - 1, self._ahead
        for place, (line, (short, mark)) in enumerate(zip(lines, self._layout.iter_unpack(given), strict=True)):
            at = short & most
            while number := index[at]:
                if keys[number - 1] == short:
                    again.append((place, self._line(number), marks[number - 1] == mark))
                    break
                at = (at + 1) & most
            else:
                keys.append(short)
                marks.append(mark)
                index[at] = count = count + 1
                if line - count != ahead:
                    self._ahead = ahead = line - count
                    self._jumps.append(count)
                    self._aheads.append(ahead)
        return again

    def _line(self, number: int) -> int:
        """The line of the key with this number, from 1."""
        jump = bisect_right(self._jumps, number)
        return number + (self._aheads[jump - 1] if jump else 0)

    def _with_room_for(self, count: int) -> array[int]:
        """The index, doubled until `count` keys leave enough of it free."""
        size = len(self._index)
        while count > size * _FULL:
            size *= 2
        if size > len(self._index):
            self._index = index = array("I", bytes(4 * size))
            most = size - 1
            for number, short in enumerate(self._keys, 1):
                at = short & most
                while index[at]:
                    at = (at + 1) & most
                index[at] = number
        return self._index
