"""Which keys came before, in some 20 bytes each: a dictionary takes ten times that, and a list may have a million rows."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

_SIZES = (1 << 12, 1 << 18, 1 << 21)
"""Places of the index: in leaps up to what a million keys need, since placing all keys anew costs time; then it doubles."""
_FULL = 0.7
"""The share of the index's places that are in use at most."""
_MARK_AT = 16


class CompactKeySet:
    """For each key 8 bytes of its own and 4 of a mark; found by an index of open addressing.

    Lines mostly follow each other, so only where they don't is it noted by how much the line is ahead of the number of keys.
    Two keys of which the first 8 bytes are the same are taken for one: among a million keys that happens once in 37 million
    lists, and then mostly shows as a conflict.
    """

    def __init__(self, size: int) -> None:
        """`size` is that of what is given of each, in bytes: 16 of the key, then the mark, of which 4 count."""
        self._size = size
        self._keys = array("Q")
        self._marks = array("I")
        self._ahead: int | None = None
        self._jumps, self._jumped_to = array("I"), array("I")
        self._index = _places(_SIZES[0])

    def take(self, given: bytes, lines: Sequence[int]) -> list[tuple[int, int, bool]]:
        """Notes the keys that stand one after the other in `given`, on these lines; a range is of lines that follow each other.

        Of each that came before: its place in `given`, the line it was first seen on, and whether its mark was the same one.
        """
        again: list[tuple[int, int, bool]] = []
        keys, marks, before = self._keys, self._marks, len(self._keys)
        view = memoryview(given)
        shorts = view.cast("Q")[:: self._size // 8].tolist()
        if len(shorts) != len(lines):
            raise ValueError(f"{len(shorts)} keys on {len(lines)} lines")
        index = self._with_room_for(before + len(shorts))
        keys.fromlist(shorts)
        marks.fromlist(view.cast("I")[_MARK_AT // 4 :: self._size // 4].tolist())
        self._note_lines(lines, before + 1)
        most = len(index) - 1
        for number, short in enumerate(shorts, before + 1):
            at = short & most
            while first := index[at]:
                if keys[first - 1] == short:
                    again.append((number - before - 1, self._line(first), marks[first - 1] == marks[number - 1]))
                    break
                at = (at + 1) & most
            else:
                index[at] = number
        return again

    def _note_lines(self, lines: Sequence[int], number: int) -> None:
        """The lines of the keys from this number on."""
        for key, line in enumerate(lines[:1] if isinstance(lines, range) else lines, number):
            if line - key != self._ahead:
                self._ahead = line - key
                self._jumps.append(key)
                self._jumped_to.append(line)

    def _line(self, number: int) -> int:
        """The line of the key with this number, from 1."""
        jump = bisect_right(self._jumps, number) - 1
        return self._jumped_to[jump] + number - self._jumps[jump]

    def _with_room_for(self, count: int) -> array[int]:
        """The index, grown until `count` keys leave enough of it free."""
        size = len(self._index)
        while count > size * _FULL:
            size = next((larger for larger in _SIZES if larger > size), 2 * size)
        if size > len(self._index):
            keys, before = self._keys, self._index
            self._index = index = _places(size)
            most = size - 1
            for number in filter(None, before):
                at = keys[number - 1] & most
                while index[at]:
                    at = (at + 1) & most
                index[at] = number
        return self._index


def _places(count: int) -> array[int]:
    """Empty ones. Nothing large is made on the way: what is freed again leaves holes among the keys."""
    return array("I", bytes(4 * _SIZES[0])) * (count // _SIZES[0])
