"""Pairs in any order, and in any number, are the same set: in memory, and in a store."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.composing.identity import id_text, reference_hash
from sendspec.diagnostics.exceptions import CopyUnreadable
from sendspec.operations.temporary_store import TemporaryStore
from sendspec.planning import pair_set
from sendspec.planning.pair_set import BUCKETS, PairSet, joined_bucket, marked_bucket, pair_of

PAIRS = st.lists(st.binary(min_size=40, max_size=40), unique_by=lambda pair: pair[:16])


class FullStore:
    """A disk that takes a few bytes and then is full."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.kept = b""

    def append(self, data: bytes) -> int:
        if len(self.kept) + len(data) > self.room:
            raise OSError(28, "No space left on device")
        self.kept += data
        return len(self.kept) - len(data)

    def read(self, offset: int, length: int) -> bytes:
        return self.kept[offset : offset + length]


def whole(pairs: PairSet) -> bytes:
    return b"".join(joined_bucket([pairs], number) for number in range(BUCKETS))


@given(PAIRS, st.randoms(), st.integers(1, 5))
def test_the_order_and_the_portions_do_not_matter(pairs: list[bytes], random: st.DataObject, portion: int) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = PairSet()
    for at in range(0, len(shuffled), portion):
        found.add(shuffled[at : at + portion])
    assert whole(found) == b"".join(sorted(pairs))
    assert len(found) == len(pairs)


@given(PAIRS, PAIRS)
def test_several_sets_are_sorted_as_one(one: list[bytes], other: list[bytes]) -> None:
    sets = [PairSet(), PairSet()]
    for each, pairs in zip(sets, (one, other), strict=True):
        each.add(pairs)
    assert b"".join(joined_bucket(sets, number) for number in range(BUCKETS)) == b"".join(sorted([*one, *other]))
    marked = [entry for number in range(BUCKETS) for entry in marked_bucket(sets[:1], sets[1:], number)]
    assert sorted(marked) == sorted([*(pair + b"+" for pair in one), *(pair + b"-" for pair in other)])


@pytest.mark.parametrize("room", [0, 60_000, 120_000, 10**9])
def test_a_long_list_goes_to_the_store_and_without_room_stays_in_memory(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_set, "MAX_HELD", 32_000)
    monkeypatch.setattr(pair_set, "MAX_UNJOINED", 700)
    pairs = [os.urandom(40) for _ in range(6_000)]
    store = FullStore(room)
    found = PairSet(store=store)
    for at in range(0, len(pairs), 500):
        found.add(pairs[at : at + 500])
    assert whole(found) == b"".join(sorted(pairs))
    assert bool(store.kept) == (room > 0)


def test_the_temporary_store_gives_back_what_it_took() -> None:
    store = TemporaryStore()
    places = [(store.append(data), data) for data in (b"one", b"", b"three" * 1_000)]
    assert [store.read(offset, len(data)) for offset, data in places] == [data for _, data in places]


def test_a_disk_that_loses_bytes_is_told() -> None:
    store = TemporaryStore()
    store.append(b"one")
    with pytest.raises(CopyUnreadable, match="has become shorter"):
        store.read(0, 4)


def test_a_pair_is_the_fingerprint_unless_the_reference_is_the_users_own() -> None:
    fingerprint = bytes(range(40))
    assert pair_of(fingerprint, reference_hash(id_text(fingerprint[:16]))) == fingerprint
    own = {pair_of(fingerprint, reference_hash(text)) for text in ("a", "b")}
    assert len(own) == 2
    assert all(pair[:16] == fingerprint[:16] and len(pair) == 40 for pair in own)
