"""The compact key set gives the same answers as a dictionary, in a few bytes a key."""

from __future__ import annotations

import tracemalloc
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st
from long_rows import all_but
from sendspec.composing.compact_key_set import CompactKeySet

SIZE = 32
"""Of a key of 16 bytes and a mark of 16."""


def hashed(value: object) -> bytes:
    return blake2b(repr(value).encode(), digest_size=16).digest()


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2), st.integers(0, 3))),
    st.lists(st.integers(0, 9), min_size=1),
)
def test_the_first_of_each_key_is_found_again(rows: list[tuple[int, int, int]], cuts: list[int]) -> None:
    key_set, line = CompactKeySet(SIZE), 0
    first: dict[int, tuple[int, int]] = {}
    keys_: list[bytes] = []
    expected: list[tuple[int, bool] | None] = []
    lines: list[int] = []
    for key, mark, further in rows:
        line += further
        lines.append(line)
        keys_.append(hashed(key) + hashed(mark))
        expected.append((first[key][0], first[key][1] == mark) if key in first else None)
        first.setdefault(key, (line, mark))
    at = 0
    for size in cuts * len(rows):
        some = slice(at, at + size)
        follow = range(lines[at], lines[at] + len(lines[some])) if at < len(lines) else range(0)
        again = key_set.add(b"".join(keys_[some]), follow if list(follow) == lines[some] else lines[some])
        assert again == [(place, *was) for place, was in enumerate(expected[some]) if was is not None]
        at += size


def test_each_key_has_a_line() -> None:
    key_set = CompactKeySet(SIZE)
    for lines in (range(1, 2), [1], [1, 2, 3]):
        with pytest.raises(ValueError, match="2 keys on"):
            key_set.add(bytes(2 * SIZE), lines)
    assert key_set.add(bytes(SIZE), [4]) == []


def test_keys_that_meet_at_one_place_are_told_apart() -> None:
    key_set = CompactKeySet(SIZE)
    keys = [
        number.to_bytes(16, "little") for start in (7, 1_023) for number in range(start, start + 200 * 1_024, 1_024)
    ]
    joined, count = b"".join(key + key for key in keys), len(keys)
    assert key_set.add(joined, range(1, count + 1)) == []
    assert key_set.add(joined, [999] * count) == [(place, place + 1, True) for place in range(count)]


@pytest.mark.parametrize(("count", "bytes_each"), all_but([(30_000, 50)], [(30_000, 50), (100_000, 25)]))
def test_many_are_remembered_and_take_little(count: int, bytes_each: int) -> None:
    """A table has room for more than came; the more came, the less of it each one bears."""
    blocks = [range(first, first + 1_000) for first in range(1, count + 1, 1_000)]
    tracemalloc.start()
    key_set = CompactKeySet(SIZE)
    for block in blocks:
        assert key_set.add(b"".join(hashed(line) + hashed(-line) for line in block), block) == []
    again = hashed(1) + hashed(-1) + hashed(count) + hashed(0)
    assert key_set.add(again, (count + 1, count + 2)) == [(0, 1, True), (1, count, False)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < bytes_each * count
