"""Sends killed at random and restarted until everything is sent; then the ledger is compared with the server.

On a shared ledger two senders can be at it at once, and the ledger's own server can be killed as well.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from faulty_api import Api
from kill_driver import SECRET, Driver
from mutants import Mutant
from trial_ledgers import SqliteTrial, TrialLedger

UUID = "123e4567-e89b-12d3-a456-426614174000"
PROJECT = """environments:
  test:
    api_url: http://127.0.0.1:{port}
    access_key: {{env: TEST_KEY}}
    ledger: {ledger}
    channels:
      sms: {{workspace: {uuid}, channel: {uuid}, timeout: 2, concurrency: 8}}
"""
SPEC = """spec: 1
name: hello
generation: {generation}
channel: sms
recipients: {{file: people.csv}}
message:
  body: {{type: text, text: {{text: "Hi"}}}}
"""
Disturbance: TypeAlias = AbstractContextManager[object]
"""What else goes on while a round is sent."""
MAX_ATTEMPTS = 2_000
IN_FLIGHT = 8
UNCERTAIN = ("in_doubt", "sending")
PRIVATE = re.compile(rb"\+?4477009\d{5}|" + SECRET.encode())
"""What nothing but the table of people may hold."""


@dataclass
class Campaign:
    """What a campaign of kills came to. All but the first five and the doubts have to be 0.

    `living_doubted` counts messages put in doubt as those of a dead run that had not died.
    """

    kills: int = 0
    restarts: int = 0
    runs: int = 0
    messages: int = 0
    rounds: int = 0
    duplicates: int = 0
    lost: int = 0
    false_accepts: int = 0
    unclaimed: int = 0
    too_many_doubts: int = 0
    living_doubted: int = 0
    damaged: int = 0
    misreported: int = 0
    leaked: int = 0
    broke: int = 0
    doubts: int = 0
    doubts_accepted: int = 0
    doubts_left: int = 0
    doubts_left_accepted: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def promise_broken(self) -> bool:
        """Whether anything was accepted twice, lost, falsely called accepted, or sent without a claim."""
        wrong = self.duplicates, self.lost, self.false_accepts, self.unclaimed, self.doubts_left_accepted
        return any(wrong)

    @property
    def broken(self) -> bool:
        """Whether anything at all is not as it should be."""
        others = self.too_many_doubts, self.living_doubted, self.damaged, self.misreported, self.leaked, self.broke
        return self.promise_broken or any(others)


def kill_campaign(
    seed: int,
    kills: int,
    *,
    mutant: Mutant | None = None,
    witness: bool = True,
    share: float = 0.1,
    messages: int = 150,
    ledger: Callable[[Path], TrialLedger] = SqliteTrial,
    disturbances: Sequence[Callable[[Trial, Campaign], Disturbance]] = (),
) -> Campaign:
    """Rounds of a send of `messages`, killed at random times until it is done, until there were so many kills.

    A mutant sends without `witness`, which asks the API first whether the ledger is behind: that would notice most of them.
    """
    campaign = Campaign()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    trial = Trial(folder, ledger(folder), random.Random(seed), seed, share, mutant, messages)
    if mutant is not None or not witness:
        trial.send = (*SEND, "--no-witness")
    try:
        assert trial.driver.run("ledger", "init", "--env", "test") == 0, trial.driver.said()
        trial.ledger.break_it()
        while campaign.kills < kills and not campaign.broken:
            trial.begin_round(campaign)
            doubts: set[str] = set()
            with ExitStack() as disturbed:
                for disturbance in disturbances:
                    disturbed.enter_context(disturbance(trial, campaign))
                doubts |= _round(trial, campaign, kills, may_fail=bool(disturbances))
            campaign.doubts += len(doubts)
            campaign.doubts_accepted += len(doubts & set(trial.api.taken))
            _judge(trial, campaign)
    finally:
        trial.close()
    return campaign


class Trial:
    """A project, its ledger, and the API that it sends to. No send lives longer than `longest_life` seconds, unless it gets nowhere."""

    longest_life = 0.16

    def __init__(
        self,
        folder: Path,
        ledger: TrialLedger,
        chance: random.Random,
        seed: int,
        share: float,
        mutant: Mutant | None,
        messages: int,
    ) -> None:
        self.folder, self.ledger, self.chance, self.share, self.messages = folder, ledger, chance, share, messages
        self.api = Api(seed, share, ledger.state_of)
        self.send: Sequence[str] = SEND
        project = PROJECT.format(port=self.api.port, uuid=UUID, ledger=ledger.setting)
        (folder / "sendspec.yaml").write_text(project)
        rows = "".join(f"+4477009{n:05d}\n" for n in range(messages))
        (folder / "people.csv").write_text("phone\n" + rows)
        self.driver = Driver(folder, mutant, ledger.environ)
        self._second: Driver | None = None

    def second_driver(self) -> Driver:
        """For one that sends at the same time."""
        self._second = self._second or Driver(self.folder, None, self.ledger.environ, out="out2")
        return self._second

    def begin_round(self, campaign: Campaign) -> None:
        self.api.forget()
        self.api.share = self.share
        campaign.rounds += 1
        (self.folder / "hello.yaml").write_text(SPEC.format(generation=campaign.rounds))

    def close(self) -> None:
        for driver in filter(None, (self.driver, self._second)):
            driver.close()
        self.api.close()
        self.ledger.close()
        shutil.rmtree(self.folder)


SEND = ("send", "hello.yaml", "--env", "test", "--yes", "-q")
ENDED = (0, 3, 4)
LEDGER_AWAY = 6
"""How a send ends whose ledger's server was away when it began, or for too long."""


def _round(trial: Trial, campaign: Campaign, kills: int, *, may_fail: bool) -> set[str]:
    """Starts and kills the send until one run comes to its end by itself; returns all that were ever in doubt."""
    doubts: set[str] = set()
    ledger, driver, generation = trial.ledger, trial.driver, campaign.rounds
    stuck = 0
    for _ in range(MAX_ATTEMPTS):
        campaign.runs += 1
        before = ledger.states(generation)
        pid = driver.start(*trial.send)
        if campaign.kills < kills:
            time.sleep(
                trial.chance.uniform(0.01, trial.longest_life + 0.02 * stuck)
            )  # a busy machine gets nowhere in 160 ms
            with suppress(ProcessLookupError):  # it came to its end before
                os.kill(pid, signal.SIGKILL)
        code = driver.wait()
        states = ledger.states(generation)
        stuck = stuck + 1 if states == before else 0
        doubts |= {reference for reference, state, _ in ledger.rows(generation) if state in UNCERTAIN}
        if code == -signal.SIGKILL:
            campaign.kills += 1
            if ledger.most_on_the_way(generation) > IN_FLIGHT:
                campaign.too_many_doubts += 1
                campaign.notes.append(f"{states} after {before}")
        elif code not in ENDED and not (may_fail and code == LEDGER_AWAY):
            campaign.broke += 1
            campaign.notes.append(f"exit {code}: {driver.said()[:500]}")
            return doubts
        elif states.get("planned", 0) == 0 and states:
            return doubts
    campaign.broke += 1
    campaign.notes.append(f"no end after {MAX_ATTEMPTS} runs: {ledger.states(generation)}")
    return doubts


def _judge(trial: Trial, campaign: Campaign) -> None:
    """Without faults: what is left is sent, the doubts are looked up, and the ledger has to say what the server says."""
    api, driver, ledger = trial.api, trial.driver, trial.ledger
    api.share = 0.0
    ledger.be_sure_who_is_dead()
    sent = driver.run(*SEND, "--no-witness")
    code = driver.run("reconcile", "--env", "test", "-q")
    rows = ledger.rows(campaign.rounds)
    left = {reference for reference, state, _ in rows if state == "in_doubt"}
    campaign.doubts_left += len(left)
    campaign.doubts_left_accepted += len(left & set(api.taken))
    campaign.messages += len(rows)
    campaign.duplicates += sum(len(ids) > 1 for ids in api.taken.values())
    campaign.unclaimed = api.unclaimed
    accepted = {reference: remote for reference, state, remote in rows if state == "accepted"}
    campaign.false_accepts += sum(remote not in api.taken.get(reference, ()) for reference, remote in accepted.items())
    unsent = sum(state in ("planned", "sending", "refused") for _, state, _ in rows) if not campaign.broke else 0
    missing = abs(trial.messages - len(rows)) if rows else 0
    campaign.lost += len(set(api.taken) - set(accepted) - left) + unsent + missing
    campaign.broke += sent not in (0, 4) or code != (4 if ledger.in_doubt() else 0)
    campaign.damaged += driver.run("ledger", "check", "--env", "test") != 0
    campaign.living_doubted = ledger.doubted_of_ended_runs()
    campaign.misreported += _status(driver) != _as_status(rows)
    campaign.leaked += sum(
        PRIVATE.search(path.read_bytes()) is not None
        for path in driver.folder.rglob("*")
        if path.is_file() and path.name != "people.csv"
    )
    if campaign.broken and not campaign.notes:
        states = ledger.states(campaign.rounds)
        campaign.notes.append(f"round {campaign.rounds}: send exits {sent}, reconcile {code}; {states}")


def _status(driver: Driver) -> dict[str, int]:
    """The totals as a user is told them."""
    driver.run("status", "hello.yaml", "--env", "test", "--format", "json", "-q")
    totals: dict[str, int] = json.loads(driver.out.read_text())["totals"]
    return totals


def _as_status(rows: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    states = [state for _, state, _ in rows]
    return {
        "recipients": len(rows), "accepted": states.count("accepted"), "refused": states.count("refused"),
        "in_doubt": states.count("in_doubt") + states.count("sending"), "not_sent": states.count("planned"),
        "skipped": 0,
    }  # fmt: skip
