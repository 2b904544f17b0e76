"""The API ids credited in a run: one id belongs to one message, whichever connection received it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from threading import Lock

_SHARDS = 256
"""Shards grow independently, so that no response waits while a table of a million ids is rebuilt."""
_INITIAL_SLOTS = 8
_MAX_LOAD = 0.7


class CreditedIds:
    """Shared by all senders of a run. An open-addressing hash set: 8 bytes an id, at most 23 with the free slots.

    It keeps the 64-bit hash of each id. Two ids with one hash count as the same: one doubt too many, in one of 37 million runs of a
    million messages.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._tables = [_slots(_INITIAL_SLOTS) for _ in range(_SHARDS)]
        self._counts = [0] * _SHARDS

    def credit(self, ids: Sequence[str]) -> bool:
        """Credits the distinct ids of one response. False, with none credited, where any of them was credited before."""
        hashes = [hash(identity) & 0xFFFF_FFFF_FFFF_FFFF or 1 for identity in ids]
        with self._lock:
            if any(self._has(hashed) for hashed in hashes):
                return False
            for hashed in hashes:
                self._add(hashed)
        return True

    def _has(self, hashed: int) -> bool:
        table = self._tables[hashed % _SHARDS]
        return table[_slot_of(hashed, table)] == hashed

    def _add(self, hashed: int) -> None:
        shard = hashed % _SHARDS
        table = self._tables[shard]
        self._counts[shard] += 1
        if self._counts[shard] > _MAX_LOAD * len(table):
            larger = _slots(2 * len(table))
            for known in filter(None, table):
                larger[_slot_of(known, larger)] = known
            self._tables[shard] = table = larger
        table[_slot_of(hashed, table)] = hashed


def _slots(count: int) -> array[int]:
    return array("Q", bytes(8 * count))


def _slot_of(hashed: int, table: array[int]) -> int:
    """The slot that holds `hashed`, or the free slot where it belongs."""
    mask = len(table) - 1
    at = (hashed // _SHARDS) & mask
    while table[at] and table[at] != hashed:
        at = (at + 1) & mask
    return at
