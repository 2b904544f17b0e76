"""A compact set for duplicate detection, about 20 bytes a key.

A dictionary takes ten times that, and a list may have a million rows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

_SIZES = (1 << 12, 1 << 18, 1 << 21)
"""Sizes of the index. It grows in large steps up to a million keys, because rehashing costs time; then it doubles."""
_MAX_LOAD = 0.7
"""The share of the index's places that may be in use."""
_MARK_AT = 16


class CompactKeySet:
    """Keeps 8 bytes of each key and 4 of its mark, found through an index with open addressing.

    A key's line is its number plus an offset. Lines are mostly consecutive, so only changes of the offset are stored. Two keys
    with the same first 8 bytes count as equal. Among a million keys that happens once in 37 million lists, and then mostly shows
    as a conflict.
    """

    def __init__(self, size: int) -> None:
        """`size` is the length of one entry in bytes: 16 of the key, then the mark, of which the first 4 are kept."""
        self._size = size
        self._keys = array("Q")
        self._marks = array("I")
        self._offset: int | None = None
        self._offset_from, self._offset_line = array("I"), array("I")
        self._index = _places(_SIZES[0])

    def add(self, entries: bytes, lines: Sequence[int]) -> list[tuple[int, int, bool]]:
        """Adds the keys of consecutive `entries` with their lines; a `range` promises consecutive lines.

        Returns the repeated ones: the place in `entries`, the line of the first, and whether the marks are equal.
        """
        repeated: list[tuple[int, int, bool]] = []
        keys, marks, before = self._keys, self._marks, len(self._keys)
        view = memoryview(entries)
        shorts = view.cast("Q")[:: self._size // 8].tolist()
        if len(shorts) != len(lines):
            raise ValueError(f"{len(shorts)} keys on {len(lines)} lines")
        index = self._with_room_for(before + len(shorts))
        keys.fromlist(shorts)
        marks.fromlist(view.cast("I")[_MARK_AT // 4 :: self._size // 4].tolist())
        self._note_lines(lines, before + 1)
        mask = len(index) - 1
        for number, short in enumerate(shorts, before + 1):
            at = short & mask
            while first := index[at]:
                if keys[first - 1] == short:
                    repeated.append((number - before - 1, self._line(first), marks[first - 1] == marks[number - 1]))
                    break
                at = (at + 1) & mask
            else:
                index[at] = number
        return repeated

    def _note_lines(self, lines: Sequence[int], number: int) -> None:
        """Stores the lines of the keys from `number` on."""
        for key, line in enumerate(lines[:1] if isinstance(lines, range) else lines, number):
            if line - key != self._offset:
                self._offset = line - key
                self._offset_from.append(key)
                self._offset_line.append(line)

    def _line(self, number: int) -> int:
        """The line of the key with this number, from 1."""
        change = bisect_right(self._offset_from, number) - 1
        return self._offset_line[change] + number - self._offset_from[change]

    def _with_room_for(self, count: int) -> array[int]:
        """The index, grown until `count` keys leave enough of it free."""
        size = len(self._index)
        while count > size * _MAX_LOAD:
            size = next((larger for larger in _SIZES if larger > size), 2 * size)
        if size > len(self._index):
            keys, before = self._keys, self._index
            self._index = index = _places(size)
            mask = size - 1
            for number in filter(None, before):
                at = keys[number - 1] & mask
                while index[at]:
                    at = (at + 1) & mask
                index[at] = number
        return self._index


def _places(count: int) -> array[int]:
    """Empty places. Built without a large temporary: freeing one would leave holes between the keys."""
    return array("I", bytes(4 * _SIZES[0])) * (count // _SIZES[0])
