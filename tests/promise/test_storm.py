"""Everything at once, against real processes: kills and signals, tables edited in place, odd answers, lists with lies."""

from __future__ import annotations

import pytest
from long_rows import all_but, long
from mutants import Mutant
from storm import storm

KILLS = 20


@pytest.mark.parametrize("kills", all_but([2], [2, KILLS]))
def test_a_storm_breaks_no_promise(kills: int) -> None:
    """Nothing twice, nobody lost, no other text than was planned and approved, no wrong total, no number or key written."""
    weathered = storm(seed=1, kills=kills)
    assert not weathered.broken, "\n".join([weathered.said(), *weathered.notes[:5]])
    assert weathered.kills == kills
    assert weathered.messages > 0


@long
def test_a_broken_protocol_shows_in_a_storm() -> None:
    assert any(storm(seed, KILLS, mutant=Mutant.SEND_BEFORE_CLAIM).broken for seed in range(3))
