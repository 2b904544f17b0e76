"""Real processes killed at random against a server that misbehaves: nothing twice, nothing lost, nothing falsely accepted."""

from __future__ import annotations

import pytest
from kill_trials import Campaign, kill_campaign
from mutants import CAUGHT_BY, Mutant

BY_KILLS = [mutant for mutant in Mutant if "processes" in CAUGHT_BY[mutant] and mutant is not Mutant.SYNCHRONOUS_NORMAL]


def test_killed_at_any_moment_and_run_again_it_keeps_the_promise() -> None:
    campaign = kill_campaign(seed=1, kills=60)
    assert not campaign.broken, campaign
    assert campaign.kills == 60
    assert campaign.messages > 0
    assert campaign.doubts_left_accepted == 0


@pytest.mark.parametrize("mutant", BY_KILLS)
def test_every_way_to_break_the_protocol_shows(mutant: Mutant) -> None:
    found: list[Campaign] = []
    for seed in range(5):
        found.append(kill_campaign(seed, kills=60, mutant=mutant))
        if found[-1].promise_broken:
            return
    raise AssertionError(found)
