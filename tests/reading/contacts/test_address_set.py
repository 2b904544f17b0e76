"""A compact set of addresses holds what it was given, and little more than that in memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.reading.contacts.address_set import AddressSet

ADDRESSES = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True),
    st.from_regex(r"[a-z]{1,3}@[a-z]{1,3}\.com", fullmatch=True),
    st.text(max_size=5),
    st.sampled_from(["+", "+0123456", "+1_000", "+٣١٦", "31612345678", "+31612345678"]),
)


@holds_for(15, 100, st.lists(ADDRESSES), st.lists(ADDRESSES), st.lists(ADDRESSES))
def test_it_holds_what_it_was_given_and_nothing_else(first: list[str], more: list[str], asked: list[str]) -> None:
    small = AddressSet(first)
    both = AddressSet(more, base=small)
    for address in (*first, *more, *asked):
        assert (address in small) == (address.lower() in {each.lower() for each in first})
        assert (address in both) == (address.lower() in {each.lower() for each in (*first, *more)})
    assert len(both) == len({each.lower() for each in (*first, *more)})


def test_capitals_of_an_e_mail_address_do_not_count() -> None:
    assert "Ann.Bell@example.com" in AddressSet(["ann.bell@example.com"])


def test_a_number_is_held_exactly() -> None:
    held = AddressSet(f"+3161234{n:04d}" for n in range(10_000))
    assert len(held) == 10_000
    assert not [n for n in range(10_000) if f"+3161235{n:04d}" in held]


def test_many_take_little_memory() -> None:
    count = 25_000
    tracemalloc.start()
    try:
        held = AddressSet(f"person{n}@example.com" for n in range(count))
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(held) == count
    assert kept < count * 12
    assert peak < count * 30
