"""Which of two observations counts, whatever order they arrive in."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from long_rows import all_but
from sendspec.ledger.delivery.observation import (
    Delivery,
    FailureReason,
    Fate,
    Observation,
    Source,
    StatusReport,
    joined,
    merged,
)

REASON = FailureReason("unknown subscriber", 15005, "sms-messagebird", "1")
LIFE = [
    StatusReport("scheduled", 9.0),
    StatusReport("accepted", 2.0),
    StatusReport("processing", 3.0),
    StatusReport("sent", 4.0),
    StatusReport("held-by-carrier", 4.5),
    StatusReport("sending_failed", 5.0),
    StatusReport("delivery_failed", 6.0, REASON, 2),
    StatusReport("delivered", 5.5),
]
REPORTS = st.builds(
    StatusReport,
    st.sampled_from([one.status for one in LIFE]),
    st.sampled_from([None, 1.0, 2.0]),
    st.sampled_from([None, REASON, FailureReason(""), FailureReason("", None, "contact")]),
    st.sampled_from([None, 0, 1]),
)
OBSERVATIONS = st.builds(Observation, st.just(b"m"), REPORTS, st.sampled_from(Source), st.sampled_from([7.0, 8.0]))


def result(seen: Iterable[Observation]) -> Delivery | None:
    known: Delivery | None = None
    for one in seen:
        known = merged(known, one)
    return known


@pytest.mark.parametrize("most", all_but([2_000], [2_000, 40_320]))
def test_every_order_of_a_life_with_repeats_ends_in_the_same_row(most: int) -> None:
    seen = [Observation(b"m", report, Source(n % 3 + 1), 50.0 + n) for n, report in enumerate(LIFE)]
    expected = Delivery(LIFE[-1], Source(2), 57.0, is_changed=True)
    orders = list(permutations(seen))
    for order in orders if most == len(orders) else random.Random(3).sample(orders, most):
        assert result((*order, *order[2:5])) == expected


@given(st.lists(OBSERVATIONS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_nor_grouping_matter(seen: list[Observation], shuffled: random.Random) -> None:
    """Law: any order of the observations, with repeats, has one result; and two results join to that of both."""
    again = [*seen, *shuffled.choices(seen, k=2)]
    shuffled.shuffle(again)
    assert result(again) == result(seen)
    half = len(seen) // 2
    last = result(seen[half:])
    assert last is not None
    assert joined(result(seen[:half]), last) == result(seen)


@pytest.mark.parametrize(
    ("first", "second", "winner", "changed"),
    [
        (("sent", 5.0), ("accepted", 9.0), "sent", False),
        (("odd-word", 1.0), ("sent", 9.0), "odd-word", False),
        (("odd-word", 9.0), ("rejected", None), "rejected", False),
        (("delivered", 1.0), ("delivery_failed", 9.0), "delivered", True),
        (("rejected", 9.0), ("delivery_failed", 1.0), "rejected", False),
        (("deleted", 1.0), ("skipped", 2.0), "skipped", False),
        (("delivered", 1.0), ("sent", 9.0), "delivered", False),
    ],
)  # fmt: skip
def test_which_of_two_counts(
    first: tuple[str, float | None], second: tuple[str, float | None], winner: str, changed: bool
) -> None:
    seen = [Observation(b"m", StatusReport(*one), Source.LIST, 7.0) for one in (first, second)]
    for order in (seen, seen[::-1]):
        found = result(order)
        assert found is not None
        assert (found.report.status, found.is_changed) == (winner, changed)


@pytest.mark.parametrize(
    ("status", "fate"),
    [("delivered", Fate.DELIVERED), ("skipped", Fate.UNDELIVERED), ("invalid", Fate.UNDELIVERED), ("sent", Fate.UNDER_WAY), ("odd-word", Fate.UNDER_WAY)],
)  # fmt: skip
def test_an_unknown_word_is_not_final(status: str, fate: Fate) -> None:
    report = StatusReport(status)
    assert (report.fate, report.is_final) == (fate, fate is not Fate.UNDER_WAY)
