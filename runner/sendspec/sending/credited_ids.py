"""The API's ids that messages of a run were credited with: an id belongs to one message, whichever connection named it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from threading import Lock

_SHARDS = 256
"""Each grows by itself, so that no answer waits while a table of a million ids is built again."""
_PLACES_FIRST = 8
_FULL = 0.7


class CreditedIds:
    """Shared by all senders of a run. 8 bytes an id, at most 23 with the free places, by open addressing.

    Of an id its 64-bit hash is kept. Two ids with one hash are taken for one: a doubt too many, once in 37 million runs of a
    million messages.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._tables = [_places(_PLACES_FIRST) for _ in range(_SHARDS)]
        self._counts = [0] * _SHARDS

    def credit(self, ids: Sequence[str]) -> bool:
        """Notes the ids of one answer; False, with nothing noted, where any of them was credited before. They differ from each other."""
        marks = [hash(identity) & 0xFFFF_FFFF_FFFF_FFFF or 1 for identity in ids]
        with self._lock:
            if any(self._has(mark) for mark in marks):
                return False
            for mark in marks:
                self._add(mark)
        return True

    def _has(self, mark: int) -> bool:
        table = self._tables[mark % _SHARDS]
        return table[_place_of(mark, table)] == mark

    def _add(self, mark: int) -> None:
        shard = mark % _SHARDS
        table = self._tables[shard]
        self._counts[shard] += 1
        if self._counts[shard] > _FULL * len(table):
            larger = _places(2 * len(table))
            for known in filter(None, table):
                larger[_place_of(known, larger)] = known
            self._tables[shard] = table = larger
        table[_place_of(mark, table)] = mark


def _places(count: int) -> array[int]:
    return array("Q", bytes(8 * count))


def _place_of(mark: int, table: array[int]) -> int:
    """Where `mark` is, or the free place where it belongs."""
    most = len(table) - 1
    at = (mark // _SHARDS) & most
    while table[at] and table[at] != mark:
        at = (at + 1) & most
    return at
