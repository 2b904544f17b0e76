"""Sends killed at random and restarted until everything is sent; then the ledger is compared with the server."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faulty_api import Api
from mutants import Mutant

UUID = "123e4567-e89b-12d3-a456-426614174000"
PROJECT = """environments:
  test:
    api_url: http://127.0.0.1:{port}
    access_key: {{env: TEST_KEY}}
    ledger: {{file: test.db}}
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
MAX_ATTEMPTS = 2_000
IN_FLIGHT = 8
UNCERTAIN = ("in_doubt", "sending")
SECRET = "canary-9f3b1c7e5d2a"
PRIVATE = re.compile(rb"\+?4477009\d{5}|" + SECRET.encode())
"""What nothing but the table of people may hold."""


@dataclass
class Campaign:
    """What a campaign of kills came to. All but the first four and the doubts have to be 0."""

    kills: int = 0
    runs: int = 0
    messages: int = 0
    rounds: int = 0
    duplicates: int = 0
    lost: int = 0
    false_accepts: int = 0
    unclaimed: int = 0
    too_many_doubts: int = 0
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
        others = self.too_many_doubts, self.damaged, self.misreported, self.leaked, self.broke
        return self.promise_broken or any(others)


class Driver:
    """The process that forks the killed ones."""

    def __init__(self, folder: Path, mutant: Mutant | None) -> None:
        self.folder = folder
        support = Path(__file__).parent
        environ = {**os.environ, "TEST_KEY": SECRET, "PYTHONPATH": f"{support}:{support.parent.parent / 'runner'}"}
        environ.pop("CI", None)
        self._process = subprocess.Popen(
            [sys.executable, str(support / "forking_driver.py"), *([mutant] if mutant else [])], cwd=folder, env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.out = folder / "out"

    def start(self, *arguments: str) -> int:
        """The number of the process that does it."""
        assert self._process.stdin is not None
        for path in (self.out, self._errors):
            path.unlink(missing_ok=True)
        self._process.stdin.write(json.dumps({"arguments": arguments, "out": str(self.out)}) + "\n")
        self._process.stdin.flush()
        return self._number()

    def wait(self) -> int:
        """How the process ended: its exit code, or minus the signal."""
        return os.waitstatus_to_exitcode(self._number())

    def run(self, *arguments: str) -> int:
        self.start(*arguments)
        return self.wait()

    def said(self) -> str:
        """All that the last process wrote; nothing where it was killed before it could."""
        return "".join(path.read_text() for path in (self.out, self._errors) if path.exists())

    @property
    def _errors(self) -> Path:
        return self.out.with_name(self.out.name + ".err")

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def kill_campaign(
    seed: int, kills: int, *, mutant: Mutant | None = None, share: float = 0.1, messages: int = 150
) -> Campaign:
    """Rounds of a send of `messages`, killed at random times until it is done, until there were so many kills.

    A mutant sends without asking the API first whether the ledger is behind: that would notice most of them.
    """
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    api = Api(seed, share, lambda reference: _state_of(folder, reference))
    send = SEND if mutant is None else (*SEND, "--no-witness")
    campaign = Campaign()
    (folder / "sendspec.yaml").write_text(PROJECT.format(port=api.port, uuid=UUID))
    rows = "".join(f"+4477009{n:05d}\n" for n in range(messages))
    (folder / "people.csv").write_text("phone\n" + rows)
    driver = Driver(folder, mutant)
    try:
        assert driver.run("ledger", "init", "--env", "test") == 0, driver.said()
        while campaign.kills < kills and not campaign.broken:
            api.forget()
            api.share = share
            campaign.rounds += 1
            (folder / "hello.yaml").write_text(SPEC.format(generation=campaign.rounds))
            doubts = _round(driver, send, campaign, chance, kills)
            campaign.doubts += len(doubts)
            campaign.doubts_accepted += len(doubts & set(api.taken))
            _judge(driver, api, campaign, messages)
    finally:
        driver.close()
        api.close()
        shutil.rmtree(folder)
    return campaign


SEND = ("send", "hello.yaml", "--env", "test", "--yes", "-q")


def _round(driver: Driver, send: Sequence[str], campaign: Campaign, chance: random.Random, kills: int) -> set[str]:
    """Starts and kills the send until one run comes to its end by itself; returns all that were ever in doubt."""
    doubts: set[str] = set()
    stuck = 0
    for _ in range(MAX_ATTEMPTS):
        campaign.runs += 1
        before = _states(driver.folder, campaign.rounds)
        pid = driver.start(*send)
        if campaign.kills < kills:
            time.sleep(chance.uniform(0.01, 0.16 + 0.02 * stuck))  # a busy machine gets nowhere in 160 ms
            with suppress(ProcessLookupError):  # it came to its end before
                os.kill(pid, signal.SIGKILL)
        code = driver.wait()
        states = _states(driver.folder, campaign.rounds)
        stuck = stuck + 1 if states == before else 0
        doubts |= {reference for reference, state, _ in _rows(driver.folder, campaign.rounds) if state in UNCERTAIN}
        if code == -signal.SIGKILL:
            campaign.kills += 1
            if states.get("sending", 0) > IN_FLIGHT:
                campaign.too_many_doubts += 1
                campaign.notes.append(f"{states} after {before}")
        elif code not in (0, 3, 4):
            campaign.broke += 1
            campaign.notes.append(f"exit {code}: {driver.said()[:500]}")
            return doubts
        elif states.get("planned", 0) == 0 and states:
            return doubts
    campaign.broke += 1
    campaign.notes.append(f"no end after {MAX_ATTEMPTS} runs: {_states(driver.folder, campaign.rounds)}")
    return doubts


def _judge(driver: Driver, api: Api, campaign: Campaign, messages: int) -> None:
    """Without faults: what is left is sent, the doubts are looked up, and the ledger has to say what the server says."""
    api.share = 0.0
    sent = driver.run(*SEND, "--no-witness")
    code = driver.run("reconcile", "--env", "test", "-q")
    rows = _rows(driver.folder, campaign.rounds)
    left = {reference for reference, state, _ in rows if state == "in_doubt"}
    campaign.doubts_left += len(left)
    campaign.doubts_left_accepted += len(left & set(api.taken))
    campaign.messages += len(rows)
    campaign.duplicates += sum(len(ids) > 1 for ids in api.taken.values())
    campaign.unclaimed = api.unclaimed
    accepted = {reference: remote for reference, state, remote in rows if state == "accepted"}
    campaign.false_accepts += sum(remote not in api.taken.get(reference, ()) for reference, remote in accepted.items())
    unsent = sum(state in ("planned", "sending", "refused") for _, state, _ in rows) if not campaign.broke else 0
    campaign.lost += len(set(api.taken) - set(accepted) - left) + unsent + (abs(messages - len(rows)) if rows else 0)
    campaign.broke += sent not in (0, 4) or code != (4 if _in_doubt(driver.folder) else 0)
    campaign.damaged += driver.run("ledger", "check", "--env", "test") != 0
    campaign.misreported += _status(driver) != _as_status(rows)
    campaign.leaked += sum(
        PRIVATE.search(path.read_bytes()) is not None
        for path in driver.folder.rglob("*")
        if path.is_file() and path.name != "people.csv"
    )
    if campaign.broken and not campaign.notes:
        states = _states(driver.folder, campaign.rounds)
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


def _in_doubt(folder: Path) -> int:
    """How many messages of all rounds are."""
    count: int = _ledger(folder, "SELECT count(*) FROM message WHERE state = 'in_doubt'")[0][0]
    return count


def _state_of(folder: Path, reference: str) -> str | None:
    rows = _ledger(folder, "SELECT state FROM message WHERE id = ?", bytes.fromhex(reference[1:33]))
    return rows[0][0] if rows else None


def _ledger(folder: Path, sql: str, *parameters: object) -> list[Any]:
    """A connection of its own each time: one that stays open would keep the next run from finding the ledger as a kill left it."""
    with closing(sqlite3.connect(f"file:{folder}/test.db?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(sql, parameters).fetchall()


def _states(folder: Path, generation: int) -> dict[str, int]:
    sql = "SELECT state, count(*) FROM message JOIN spec ON spec.number = message.spec WHERE generation = ? GROUP BY state"
    return dict(_ledger(folder, sql, generation))


def _rows(folder: Path, generation: int) -> list[tuple[str, str, str]]:
    sql = "SELECT 'm' || lower(hex(id)), state, remote_id FROM message JOIN spec ON spec.number = message.spec WHERE generation = ?"
    return _ledger(folder, sql, generation)
