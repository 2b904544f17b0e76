"""A compact set for duplicate detection, about 20 bytes a key.

A dictionary takes ten times that, and a list may have a million rows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

_SIZES = (1 << 12, 1 << 18, 1 << 21)
"""The index's first sizes, in slots. It grows in large steps because rehashing costs time; beyond these it doubles."""
_MAX_LOAD = 0.7
"""The share of the index's slots that may be in use."""
_KEY_BYTES = 16


class CompactKeySet:
    """Keeps 8 bytes of each key and 4 of its value, found through an index with open addressing.

    A key's line is its number plus an offset. Lines are mostly consecutive, so only changes of the offset are stored.

    Keys that share their first 8 bytes count as equal. With a million keys, one list in 37 million has such a pair. Their values
    mostly differ, so the pair is reported as a conflict.
    """

    def __init__(self, size: int) -> None:
        """`size` is the length of an entry in bytes, a multiple of 8: a key of 16 bytes, then its value, at least 4 bytes."""
        self._size = size
        self._keys = array("Q")
        self._values = array("I")
        self._offset: int | None = None
        self._offset_from, self._offset_line = array("I"), array("I")
        self._index = _empty_index(_SIZES[0])

    def add(self, entries: bytes, lines: Sequence[int]) -> list[tuple[int, int, bool]]:
        """Adds the joined `entries`, with the line of each. A `range` promises consecutive lines.

        Returns an item for each entry whose key was there before: its index among `entries`, the line of the key's first
        entry, and whether the values are equal.
        """
        repeated: list[tuple[int, int, bool]] = []
        keys, values, before = self._keys, self._values, len(self._keys)
        view = memoryview(entries)
        shorts = view.cast("Q")[:: self._size // 8].tolist()
        if len(shorts) != len(lines):
            raise ValueError(f"{len(shorts)} keys on {len(lines)} lines")
        index = self._with_room_for(before + len(shorts))
        keys.fromlist(shorts)
        values.fromlist(view.cast("I")[_KEY_BYTES // 4 :: self._size // 4].tolist())
        self._note_lines(lines, before + 1)
        mask = len(index) - 1
        for number, short in enumerate(shorts, before + 1):
            at = short & mask
            while first := index[at]:
                if keys[first - 1] == short:
                    repeated.append((number - before - 1, self._line(first), values[first - 1] == values[number - 1]))
                    break
                at = (at + 1) & mask
            else:
                index[at] = number
        return repeated

    def _note_lines(self, lines: Sequence[int], number: int) -> None:
        """Stores the lines of the keys numbered from `number` on. Keys are numbered from 1."""
        for key, line in enumerate(lines[:1] if isinstance(lines, range) else lines, number):
            if line - key != self._offset:
                self._offset = line - key
                self._offset_from.append(key)
                self._offset_line.append(line)

    def _line(self, number: int) -> int:
        """The line of the key with this number."""
        change = bisect_right(self._offset_from, number) - 1
        return self._offset_line[change] + number - self._offset_from[change]

    def _with_room_for(self, count: int) -> array[int]:
        """The index, grown where `count` keys would exceed its maximum load."""
        size = len(self._index)
        while count > size * _MAX_LOAD:
            size = next((larger for larger in _SIZES if larger > size), 2 * size)
        if size > len(self._index):
            keys, before = self._keys, self._index
            self._index = index = _empty_index(size)
            mask = size - 1
            for number in filter(None, before):
                at = keys[number - 1] & mask
                while index[at]:
                    at = (at + 1) & mask
                index[at] = number
        return self._index


def _empty_index(size: int) -> array[int]:
    """Built without a large temporary, which would leave holes between the keys once it is freed."""
    return array("I", bytes(4 * _SIZES[0])) * (size // _SIZES[0])
