"""The API ids that a run credited: each once, across threads, in little memory."""

from __future__ import annotations

import threading
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
from sendspec.sending.credited_ids import CreditedIds

IDS = st.lists(st.lists(st.sampled_from([f"id-{n}" for n in range(12)]), unique=True, max_size=4), max_size=20)


@given(IDS)
def test_an_answer_is_credited_when_none_of_its_ids_was(answers: list[list[str]]) -> None:
    """Law: behaves as a set, except that a response with one known id credits none of its ids."""
    credited, known = CreditedIds(), set[str]()
    for ids in answers:
        fresh = known.isdisjoint(ids)
        assert credited.credit(ids) is fresh
        known |= set(ids) if fresh else set()


def test_what_is_credited_stays_so_however_many_follow() -> None:
    credited = CreditedIds()
    assert all(credited.credit([f"{n:032x}"]) for n in range(50_000))
    assert not any(credited.credit([f"{n:032x}"]) for n in range(50_000))


MANY = 24_000
"""So many that most shards have just grown, and an id takes the most."""


def test_an_id_takes_no_more_than_23_bytes() -> None:
    tracemalloc.start()
    try:
        credited = CreditedIds()
        before = tracemalloc.get_traced_memory()[0]
        for n in range(MANY):
            credited.credit([f"{n:032x}"])
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < MANY * 25


def test_of_many_threads_one_gets_an_id() -> None:
    credited, won = CreditedIds(), list[int]()
    together = threading.Barrier(8)

    def take() -> None:
        together.wait(20)
        won.append(sum(credited.credit([f"id-{n}"]) for n in range(3_000)))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 8
    assert sum(won) == 3_000
