"""Who came before, remembered in a few bytes each: the same answers as a dictionary's."""

from __future__ import annotations

import tracemalloc
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from runner.composing.seen import Seen


def hashed(value: object) -> bytes:
    return blake2b(repr(value).encode(), digest_size=16).digest()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2), st.integers(1, 3))))
def test_the_first_of_each_key_is_found_again(rows: list[tuple[int, int, int]]) -> None:
    seen, first, line = Seen(), {}, 0
    for key, mark, further in rows:
        line += further
        found = seen.first(hashed(key) + hashed(mark), line)
        if key in first:
            assert found == (first[key][0], first[key][1] == mark)
        else:
            first[key] = (line, mark)
            assert found is None


def test_keys_that_meet_at_one_place_are_told_apart() -> None:
    seen = Seen()
    keys = [
        number.to_bytes(16, "little") for start in (7, 1_023) for number in range(start, start + 200 * 1_024, 1_024)
    ]
    for line, key in enumerate(keys, 1):
        assert seen.first(key + key, line) is None
    for line, key in enumerate(keys, 1):
        assert seen.first(key + key, 999) == (line, True)


def test_a_hundred_thousand_are_remembered_and_take_little() -> None:
    count = 100_000
    tracemalloc.start()
    seen = Seen()
    for line in range(1, count + 1):
        assert seen.first(hashed(line) + hashed(-line), line) is None
    assert seen.first(hashed(1) + hashed(-1), count + 1) == (1, True)
    assert seen.first(hashed(count) + hashed(0), count + 1) == (count, False)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 30 * count
