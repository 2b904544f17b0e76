"""What else goes on while a send is killed again and again: a second sender, and a ledger's server that goes away."""

from __future__ import annotations

import os
import random
import signal
import threading
from contextlib import suppress
from typing import Self

from kill_driver import Driver
from kill_trials import ENDED, LEDGER_AWAY, Campaign, Trial
from postgres_server import PostgresServer


class Disturbance:
    """A thread that goes on until the round is over. What it finds wrong counts."""

    def __init__(self, trial: Trial, campaign: Campaign) -> None:
        self.trial, self.campaign = trial, campaign
        self.chance = random.Random(trial.chance.random())
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self.disturb()
        except Exception as error:  # whatever it is, the campaign failed
            self.campaign.broke += 1
            self.campaign.notes.append(f"{type(self).__name__}: {error!r}")

    def disturb(self) -> None:
        raise NotImplementedError


class SecondSender(Disturbance):
    """Sends the same spec, and is killed every other time."""

    def disturb(self) -> None:
        driver = self.trial.second_driver()
        while not self.over.is_set():
            self._send(driver)

    def _send(self, driver: Driver) -> None:
        pid = driver.start(*self.trial.send)
        kills = self.chance.random() < 0.5
        if kills:
            self.over.wait(self.chance.uniform(0.01, 0.2))
            with suppress(ProcessLookupError):  # it came to its end before
                os.kill(pid, signal.SIGKILL)
        code = driver.wait()
        self.campaign.runs += 1
        self.campaign.kills += code == -signal.SIGKILL
        if code not in (-signal.SIGKILL, *ENDED, LEDGER_AWAY):
            self.campaign.broke += 1
            self.campaign.notes.append(f"the second sender: exit {code}: {driver.said()[:500]}")


class ServerKiller(Disturbance):
    """Kills the ledger's server, or stops it, and starts it again a moment later. Sends live long enough to see that."""

    def __init__(self, trial: Trial, campaign: Campaign, server: PostgresServer) -> None:
        super().__init__(trial, campaign)
        self._server = server
        trial.longest_life = 1.5

    def disturb(self) -> None:
        while not self.over.wait(self.chance.uniform(0.05, 1.0)):
            way = self.chance.choice(("kill", "fast", "immediate"))
            if way == "kill":
                self._server.kill()
            else:
                self._server.stop(way)
            self.over.wait(self.chance.uniform(0.0, 0.5))
            self._server.start()
            self.campaign.restarts += 1
