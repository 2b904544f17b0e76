"""Compact sets of hashes: what was put in is found, and what begins otherwise is not."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator

from sendspec.operations.hash_prefix_set import HashPrefixSet


def hashes(count: int, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [chance.randbytes(24) for _ in range(count)]


def test_what_was_put_in_is_found_and_nothing_else() -> None:
    inside, outside = hashes(2_000, 1), hashes(2_000, 2)
    marks = HashPrefixSet(inside)
    assert all(each in marks for each in inside)
    assert not any(each in marks for each in outside)
    assert len(marks) == 2_000
    assert bytes(24) not in HashPrefixSet(())


def test_each_name_has_a_set_of_its_own() -> None:
    one, two = hashes(100, 1), hashes(100, 2)
    found = HashPrefixSet.by_name([pair for a, b in zip(one, two, strict=True) for pair in (("one", a), ("two", b))])
    assert set(found) == {"one", "two"}
    assert all(each in found["one"] and each not in found["two"] for each in one)
    assert all(each in found["two"] for each in two)


def test_a_set_takes_eight_bytes_a_hash() -> None:
    count = 40_000

    def many() -> Iterator[tuple[str, bytes]]:
        chance = random.Random(1)
        return (("hello", chance.randbytes(24)) for _ in range(count))

    tracemalloc.start()
    found = HashPrefixSet.by_name(many())
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found["hello"]) == count
    assert kept < count * 10
    assert peak < count * 80
