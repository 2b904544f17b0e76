"""The budget of one message's templates."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.render_budget import (
    ITEM_COST,
    MAX_ITERATIONS,
    MAX_OUTPUT,
    MAX_WORK,
    FilterError,
    RenderBudget,
    character_count,
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("abc", 3),
        (7, 0),
        (None, 0),
        (["ab", 7], 2 + 2 * ITEM_COST),
        ({"k": ["abc"]}, 1 + 3 + 2 * ITEM_COST),
        ([], 0),
    ],
)
def test_what_a_value_counts(value: Any, count: int) -> None:
    assert character_count(value) == count


def test_each_limit_can_be_used_up_and_not_passed() -> None:
    budget = RenderBudget(output=MAX_OUTPUT - 2, work=MAX_WORK - 6)
    budget.charge_output(2)
    budget.charge_work("ab", cost=3)
    for _ in range(MAX_ITERATIONS):
        budget.charge_iteration()
    for charge in (lambda: budget.charge_output(1), lambda: budget.charge_work("a"), budget.charge_iteration):
        with pytest.raises(FilterError) as caught:
            charge()
        assert caught.value.code == "template-too-costly"
