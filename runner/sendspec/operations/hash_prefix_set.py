"""A compact set of hashes: 8 bytes each, however many there are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby

PREFIX_BYTES = 8
MAX_CONFIRMED = 1_000
"""Hits in a set that callers look up exactly: one that is confirmed is enough."""


class HashPrefixSet:
    """Holds the first 8 bytes of each hash. A hit may be another hash with the same prefix; a miss is certain."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        self._sorted = _distinct(array("Q", map(_number, hashes)))

    @staticmethod
    def of_numbers(unsorted: Iterable[int]) -> HashPrefixSet:
        """The set whose hashes begin with these numbers."""
        found = HashPrefixSet(())
        found._sorted = _distinct(unsorted)
        return found

    @staticmethod
    def by_name(hashes: Iterable[tuple[str, bytes]]) -> dict[str, HashPrefixSet]:
        """One set for each name, from pairs of a name and a hash in any order."""
        numbers: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        for name, each in hashes:
            numbers[name].append(_number(each))
        found: dict[str, HashPrefixSet] = {}
        while numbers:
            name, unsorted = numbers.popitem()
            found[name] = HashPrefixSet.of_numbers(unsorted)
        return found

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, wanted: bytes) -> bool:
        number = _number(wanted)
        at = bisect_left(self._sorted, number)
        return at < len(self._sorted) and self._sorted[at] == number


class HashPrefixes:
    """Gathers hashes for a set, 8 bytes each."""

    def __init__(self) -> None:
        self._numbers = array("Q")

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, hash_: bytes) -> None:
        self._numbers.append(_number(hash_))

    def update(self, hashes: Iterable[bytes]) -> None:
        self._numbers.extend(map(_number, hashes))

    def as_set(self) -> HashPrefixSet:
        return HashPrefixSet.of_numbers(self._numbers)


def _distinct(unsorted: Iterable[int]) -> array[int]:
    return array("Q", (number for number, _ in groupby(sorted(unsorted))))


def _number(of: bytes) -> int:
    return int.from_bytes(of[:PREFIX_BYTES], "big")
