"""After a power cut at any moment, the ledger has every claim and result that it had acknowledged."""

from __future__ import annotations

from powercut import cut_power


def test_with_full_syncs_nothing_that_was_acknowledged_is_lost() -> None:
    result = cut_power(seed=1, cuts=300)
    assert (result.cuts, result.lost, result.unopened) == (300, 0, 0)
