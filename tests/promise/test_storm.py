"""Everything at once, against real processes: kills and signals, tables edited in place, odd answers, lists with lies."""

from __future__ import annotations

import pytest
from mutants import Mutant
from storm import storm

KILLS = 24


def test_a_storm_breaks_no_promise() -> None:
    """Nothing twice, nobody lost, no other text than was planned and approved, no wrong total, no number or key written."""
    weathered = storm(seed=1, kills=KILLS)
    assert not weathered.broken, "\n".join([weathered.said(), *weathered.notes[:5]])
    assert weathered.kills == KILLS
    assert weathered.messages > 0


@pytest.mark.parametrize("mutant", [Mutant.CLAIM_WITHOUT_DIGEST, Mutant.REQUEUE_AT_RECOVERY])
def test_a_broken_protocol_shows_in_a_storm(mutant: Mutant) -> None:
    assert any(storm(seed, KILLS, mutant=mutant).broken for seed in range(4))
