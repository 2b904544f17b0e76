"""Real processes killed at random against a server that misbehaves: nothing twice, nothing lost, nothing falsely accepted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from kill_disturbances import SecondSender, ServerKiller
from kill_trials import Campaign, kill_campaign
from long_rows import all_but, long
from mutants import CAUGHT_BY, Mutant, SharedMutant
from postgres_server import own_server, server_url
from trial_ledgers import PostgresTrial

BY_KILLS = [mutant for mutant in Mutant if "processes" in CAUGHT_BY[mutant] and mutant is not Mutant.SYNCHRONOUS_NORMAL]


@pytest.mark.parametrize("kills", all_but([8], [8, 60]))
def test_killed_at_any_moment_and_run_again_it_keeps_the_promise(kills: int) -> None:
    campaign = kill_campaign(seed=1, kills=kills)
    assert not campaign.broken, campaign
    assert campaign.kills == kills
    assert campaign.messages > 0
    assert campaign.doubts_left_accepted == 0


@long
@pytest.mark.parametrize("mutant", BY_KILLS)
def test_every_way_to_break_the_protocol_shows(mutant: Mutant) -> None:
    """The searches of `test_ledger_machine` find them soon; how long this takes is chance."""
    found: list[Campaign] = []
    for seed in range(5):
        found.append(kill_campaign(seed, kills=60, mutant=mutant))
        if found[-1].promise_broken:
            return
    raise AssertionError(found)


@pytest.mark.parametrize(("kills", "messages"), all_but([(3, 40)], [(3, 40), (15, 100)]))
def test_two_senders_of_one_spec_keep_it_on_a_shared_ledger(kills: int, messages: int) -> None:
    campaign = kill_campaign(1, kills, messages=messages, ledger=shared_ledger, disturbances=[SecondSender])
    assert not campaign.broken, campaign
    assert campaign.kills >= kills


@long
def test_they_keep_it_while_the_ledgers_server_is_killed_and_stopped() -> None:
    with own_server() as server:
        campaign = kill_campaign(
            1,
            4,
            messages=300,
            ledger=lambda folder: PostgresTrial(server.url),
            disturbances=[SecondSender, partial(ServerKiller, server=server)],
        )
    assert not campaign.broken, campaign
    assert campaign.restarts > 0


@long
def test_two_senders_show_that_a_living_run_was_taken_for_dead() -> None:
    broken = partial(shared_ledger, mutant=SharedMutant.LIVING_TAKEN_FOR_DEAD)
    found = (kill_campaign(seed, 10, messages=100, ledger=broken, disturbances=[SecondSender]) for seed in range(5))
    assert any(campaign.living_doubted for campaign in found)


def shared_ledger(folder: Path, mutant: SharedMutant | None = None) -> PostgresTrial:
    return PostgresTrial(server_url(), mutant)
