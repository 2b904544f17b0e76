"""After a power cut at any moment, the ledger has every claim and result that it had acknowledged, and a run goes on."""

from __future__ import annotations

import pytest
from long_rows import all_but
from power_cut_trials import CutResult, cut_power


@pytest.mark.parametrize("cuts", all_but([60], [60, 300]))
def test_with_full_syncs_nothing_that_was_acknowledged_is_lost(cuts: int) -> None:
    assert cut_power(seed=1, cuts=cuts) == CutResult(cuts=cuts)


def test_syncs_that_do_not_wait_lose_some_and_the_next_run_notices() -> None:
    result = cut_power(seed=2, cuts=60, synchronous="NORMAL")
    assert result.lost > 10
    assert result.noticed > 10
