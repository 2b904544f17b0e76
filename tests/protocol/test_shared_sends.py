"""Sends that meet on a shared ledger at one chosen moment."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kill_trials import SEND, Campaign, Trial
from postgres_server import server_url
from psycopg.rows import TupleRow
from trial_ledgers import PostgresTrial


@pytest.fixture
def ledger() -> PostgresTrial:
    return PostgresTrial(server_url())


@pytest.fixture
def trial(ledger: PostgresTrial, tmp_path: Path) -> Iterator[Trial]:
    """A send of five messages, all of which are planned; its API makes no mistakes."""
    folder = tmp_path / "project"
    folder.mkdir()
    trial = Trial(folder, ledger, random.Random(0), 0, 0.0, None, 5)
    try:
        assert trial.driver.run("ledger", "init", "--env", "test") == 0, trial.driver.said()
        trial.begin_round(Campaign())
        assert trial.driver.run(*SEND) == 0, trial.driver.said()
        ledger.change("UPDATE message SET state = 'planned'")
        trial.api.forget()
        yield trial
    finally:
        trial.close()


def test_what_another_run_is_claiming_while_it_is_planned_makes_no_plan_stale(
    trial: Trial, ledger: PostgresTrial
) -> None:
    """Its move has its number already, and is not to be seen yet."""
    with psycopg.connect(server_url(), options=f"-c search_path={ledger.schema}") as other:
        other.execute("UPDATE spec SET claimed_at = claimed_at")  # so that a plan of the spec waits, as for a claim
        other.execute("UPDATE message SET state = 'sending' WHERE number = (SELECT min(number) FROM message)")
        other.execute("INSERT INTO event (message, at, attempt, target) VALUES (1, 0, 2, 'sending')")
        trial.driver.start(*SEND, "--no-witness")
        until_one_waits(other)
    assert trial.driver.wait() in (0, 4), trial.driver.said()
    assert ledger.states(1) == {"accepted": 4, "sending": 1}


def test_what_another_run_claims_while_it_is_planned_is_not_left(trial: Trial, ledger: PostgresTrial) -> None:
    """The planned messages are counted first, then each row's message is looked for among them."""
    with psycopg.connect(server_url(), options=f"-c search_path={ledger.schema}", autocommit=True) as other:
        other.execute("SELECT begin_run(next_run(), 1, 1, 'elsewhere', 'send', '', '')")
        with other.transaction():
            other.execute("LOCK TABLE run")  # only looking for a message asks who is at work
            trial.driver.start(*SEND, "--no-witness", "--format", "json")
            until_one_waits(other)
            other.execute(
                """SELECT exchange((SELECT max(number) FROM run), 1, 1, NULL, '{}', '{}', '{}', '{}', '{}', '{}',
                    array_agg(id), array_agg(digest), array_agg(reference)) FROM message WHERE number <= 2"""
            )
        assert trial.driver.wait() == 0, trial.driver.said()
    done = json.loads(trial.driver.out.read_text())
    assert (done["left"], done["totals"]["accepted"], done["skipped"]) == (0, 3, {"taken-elsewhere": 2})


def test_two_runs_may_be_asked_to_retry_the_same_messages(trial: Trial, ledger: PostgresTrial) -> None:
    """What the other one moved first is planned; whoever claims it sends it."""
    ledger.change("UPDATE message SET state = 'refused' WHERE number <= 3")
    with psycopg.connect(server_url(), options=f"-c search_path={ledger.schema}") as other:
        other.execute("UPDATE message SET state = 'planned' WHERE number <= 2")
        other.execute(
            "INSERT INTO event (message, at, attempt, target) SELECT number, 0, 1, 'planned' FROM message WHERE number <= 2"
        )
        trial.driver.start(*SEND, "--no-witness", "--retry", "refused")
        until_one_waits(other)
    assert trial.driver.wait() in (0, 3), trial.driver.said()
    assert ledger.states(1) == {"accepted": 3, "planned": 2}
    assert all(len(ids) == 1 for ids in trial.api.taken.values())


def until_one_waits(for_other: psycopg.Connection[TupleRow]) -> None:
    with psycopg.connect(server_url(), autocommit=True) as watching:
        waiting = "SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if watching.execute(waiting, [for_other.info.backend_pid]).fetchall():
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
