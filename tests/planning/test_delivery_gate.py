"""The verdict of a gate: three answers, never two, as early as the counts allow and never earlier."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from sendspec.planning.delivery_gate import DeliveryTally, Gate, Judgement, Verdict, judge, weightiest


def counts(accepted: int, delivered: int, undelivered: int, under_way: int = 0) -> DeliveryTally:
    return DeliveryTally(accepted=accepted, delivered=delivered, undelivered=undelivered, under_way=under_way)


def gate(need: str | None = None, max_failed: str | None = None) -> Gate:
    return Gate(
        need=None if need is None else Fraction(need), max_failed=None if max_failed is None else Fraction(max_failed)
    )


@pytest.mark.parametrize(
    ("held_against", "seen", "verdict", "by"),
    [
        (gate(), counts(4, 4, 0), "met", "final"),
        (gate(), counts(4, 3, 0, 1), "undecided", "timeout"),
        (gate(), counts(4, 3, 0), "undecided", "timeout"),
        (gate(), counts(4, 1, 1), "failed", "final"),
        (gate("0.95"), counts(100, 95, 0), "met", "need"),
        (gate("0.95"), counts(100, 94, 5), "undecided", "timeout"),
        (gate("0.95"), counts(100, 90, 6), "failed", "need"),
        (gate("0.95"), counts(20, 19, 1), "met", "need"),
        (gate("0"), counts(20, 0, 20), "met", "need"),
        (gate(max_failed="0.02"), counts(100, 0, 3), "failed", "max_failed"),
        (gate(max_failed="0.02"), counts(100, 0, 2), "undecided", "timeout"),
        (gate(max_failed="0.02"), counts(100, 98, 2), "met", "max_failed"),
        (gate(max_failed="0.02"), counts(100, 98, 0), "met", "max_failed"),
        (gate(max_failed="0"), counts(1, 0, 1), "failed", "max_failed"),
        (gate(max_failed="1"), counts(1, 0, 1), "met", "max_failed"),
        (gate("0.95", "0.02"), counts(100, 95, 2), "met", "need"),
        (gate("0.95", "0.02"), counts(100, 95, 3), "failed", "max_failed"),
        (gate("0.5", "0.02"), counts(100, 50, 0), "met", "need"),
        (gate("0.99", "0.02"), counts(100, 90, 2), "failed", "need"),
        (gate("1", "1"), counts(3, 2, 0), "undecided", "timeout"),
    ],
)  # fmt: skip
def test_the_verdict_is_as_early_as_the_counts_allow(
    held_against: Gate, seen: DeliveryTally, verdict: str, by: str
) -> None:
    judged = judge(held_against, seen)
    assert (judged.verdict, judged.by) == (verdict, by)
    assert judge(held_against, seen, may_grow=True).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("held_against", "was_tried", "verdict"),
    [(gate(), True, "met"), (gate("0.95"), False, "met"), (gate("0.95"), True, "failed"), (gate("0"), True, "met"),
     (gate(max_failed="0"), True, "met")],
)  # fmt: skip
def test_nothing_accepted_is_nothing_to_wait_for_unless_some_was_needed(
    held_against: Gate, was_tried: bool, verdict: str
) -> None:
    assert judge(held_against, counts(0, 0, 0), was_tried=was_tried).verdict == verdict


def test_a_verdict_stays_whatever_final_statuses_follow() -> None:
    """Law: once met or failed, no further final statuses turn it round; but for `need` alone deciding before failures came."""
    for need, most in product([None, "0", "0.5", "0.9", "1"], [None, "0", "0.25", "1"]):
        for delivered, undelivered in product(range(5), range(5)):
            if delivered + undelivered > 4:
                continue
            before = judge(gate(need, most), counts(4, delivered, undelivered))
            for more in range(5 - delivered - undelivered):
                after = judge(gate(need, most), counts(4, delivered + more, 4 - delivered - more))
                if before.verdict is Verdict.UNDECIDED or before.by == "need":
                    continue
                assert after.verdict is before.verdict, (need, most, delivered, undelivered, more)
            assert judge(gate(need, most), counts(4, delivered, 4 - delivered)).verdict is not Verdict.UNDECIDED


def test_a_lasting_verdict_stays_whatever_follows() -> None:
    """Law: with `is_lasting`, no final status turns round what was met or failed."""
    for need, most in product([None, "0", "0.5", "1"], [None, "0", "0.25", "1"]):
        for delivered, undelivered in ((d, u) for d, u in product(range(5), range(5)) if d + u <= 4):
            before = judge(gate(need, most), counts(4, delivered, undelivered), is_lasting=True)
            for more in range(5 - delivered - undelivered):
                after = judge(gate(need, most), counts(4, delivered + more, 4 - delivered - more), is_lasting=True)
                assert before.verdict in (Verdict.UNDECIDED, after.verdict), (need, most, delivered, undelivered, more)
    both = gate("0.96", "0.02"), counts(30, 29, 0, 1)
    assert (judge(*both).verdict, judge(*both, is_lasting=True).verdict) == (Verdict.MET, Verdict.UNDECIDED)


def test_the_counts_add_up_and_the_worst_of_several_counts() -> None:
    seen = DeliveryTally(accepted=9, delivered=4, undelivered=1, under_way=2, changed=1)
    assert seen.as_dict() == {
        "accepted": 9, "delivered": 4, "undelivered": 1, "under_way": 2, "unknown": 2, "changed": 1,
    }  # fmt: skip
    assert seen.undecided == 4
    met, failed, undecided = (judge(gate(), each) for each in (counts(1, 1, 0), counts(1, 0, 1), counts(1, 0, 0)))
    both: list[Judgement] = [met, undecided, failed]
    assert (weightiest(both), weightiest([met, undecided]), weightiest([met, met])) == (2, 1, 0)
