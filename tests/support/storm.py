"""A storm: sends killed and signalled while their tables are edited, against odd answers and a list with lies, all at once.

Each round has a project of its own with three specs for the same people: `a` with its own references, `b` and `c` with one
reference for each order, `b` in batches. After a round the server is calm, what is left is sent, and the books are compared.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from kill_driver import Driver
from kill_trials import PRIVATE, UUID
from mutants import Mutant
from sendspec.composing.identity import message_id, payload_digest
from storm_api import StormApi

PEOPLE = 40
SPECS = ("a", "b", "c")
MAX_RESUMES = 6
ENDED_WELL = {0, 3, 4}
EXPECTED = {0, 1, 3, 4, 6, 7, 8, 75, 130, 143, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM}
"""6 and 7 are judged at the end: a list that lies and an answer that nobody documents may stop a run, and lose nothing."""
HANGS_AFTER_SECONDS = 90.0
"""A process that is not at its end by then is killed, and counted: no list takes longer, and no answer."""
PROJECT = """environments:
  test:
    api_url: http://127.0.0.1:{port}
    access_key: {{env: TEST_KEY}}
    ledger: {{file: test.db}}
    channels:
      sms: {{workspace: {uuid}, channel: {uuid}, timeout: 2, concurrency: 6, platform: sms}}
      many: {{workspace: {uuid}, channel: {uuid}, timeout: 2, concurrency: 3, batch: 5, platform: sms}}
"""
SPEC = """spec: 1
name: {name}
channel: {channel}
recipients: {{file: {name}.csv, key: "{{{{ order_id }}}}"}}
message:
  {reference}body: {{type: text, text: {{text: "{name} {{{{ order_id }}}}: {{{{ word }}}}"}}}}
"""
REFERENCE = {"a": "", "b": "reference: 'order-{{ order_id }}'\n  ", "c": "reference: 'order-{{ order_id }}'\n  "}

Table = dict[str, str]
"""The word of each order."""


@dataclass
class Storm:
    """What a storm came to. From `twice` on all have to be 0, but the doubts."""

    kills: int = 0
    signals: int = 0
    runs: int = 0
    rounds: int = 0
    messages: int = 0
    arrived: int = 0
    twice: int = 0
    lost: int = 0
    other_texts: int = 0
    unclaimed: int = 0
    false_accepts: int = 0
    wrong_totals: int = 0
    damaged: int = 0
    leaked: int = 0
    hung: int = 0
    broke: int = 0
    doubts_left: int = 0
    doubts_left_accepted: int = 0
    exits: Counter[int] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return any(
            (
                self.twice, self.lost, self.other_texts, self.unclaimed, self.false_accepts, self.wrong_totals, self.damaged,
                self.leaked, self.hung, self.broke,
            )
        )  # fmt: skip

    def said(self) -> str:
        """The figures, for people."""
        exits = ", ".join(f"{code}: {count}" for code, count in sorted(self.exits.items()))
        return (
            f"{self.kills} kills and {self.signals} signals in {self.runs} processes, {self.rounds} rounds;"
            f" {self.messages} messages, {self.arrived} arrived\n"
            f"twice {self.twice}, lost {self.lost}, other texts {self.other_texts}, without a claim {self.unclaimed},"
            f" false accepts {self.false_accepts}, wrong totals {self.wrong_totals}, damaged {self.damaged},"
            f" leaked {self.leaked}, hung {self.hung}, broke {self.broke}\n"
            f"doubts left {self.doubts_left}, of which accepted {self.doubts_left_accepted}\nexits: {exits}"
        )


def storm(
    seed: int,
    kills: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    first_round: int = 0,
    mutant: Mutant | None = None,
) -> Storm:
    """Rounds until there were so many kills, something broke, or `stop` says so.

    Round n of a seed draws the same in every storm, though no two runs of processes are alike to the millisecond.
    """
    total = Storm()
    while total.kills < kills and not total.broken and not stop():
        number = first_round + total.rounds
        total.rounds += 1
        folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        try:
            _Round(folder, seed * 1_000_003 + number, total, kills, mutant).run()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        total.notes = [
            note if note.startswith("seed") else f"seed {seed}, round {number}: {note}" for note in total.notes
        ]
    return total


class _Round:
    def __init__(self, folder: Path, seed: int, total: Storm, kills: int, mutant: Mutant | None) -> None:
        self._folder = folder
        self._total = total
        self._kills = kills
        self._mutant = mutant
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._tables: dict[str, list[Table]] = {name: [_first_table()] for name in SPECS}
        self._allowed: dict[str, Mapping[str, set[str]]] = {}
        self._api = StormApi(seed, self._seen)
        self._drivers: list[Driver] = []
        self._order = 0
        self._counter = 0
        self._salt = b""

    def run(self) -> None:
        (self._folder / "sendspec.yaml").write_text(PROJECT.format(port=self._api.port, uuid=UUID))
        for name in SPECS:
            channel = "many" if name == "b" else "sms"
            (self._folder / f"{name}.yaml").write_text(
                SPEC.format(name=name, channel=channel, reference=REFERENCE[name])
            )
            self._write(name)
        outs = [self._folder / f"out{n}" for n in (0, 1)]
        self._drivers = [Driver(self._folder, self._mutant) for _ in outs]
        try:
            for driver, out in zip(self._drivers, outs, strict=True):
                driver.out = out
            assert self._drivers[0].run("ledger", "init", "--env", "test") == 0, self._drivers[0].said()
            lock = json.loads((self._folder / "sendspec.lock").read_text())
            self._salt = _salt_in(lock)
            self._api.share, self._api.lies = self._chance.choice((0.1, 0.3)), 0.4
            for _ in range(self._chance.randint(12, 24)):
                self._act()
            self._judge()
        finally:
            for driver in self._drivers:
                driver.close()
            self._api.close()
            self._total.ways.update(self._api.ways)

    def _act(self) -> None:
        chance = self._chance.random()
        name = self._chance.choice(SPECS)
        if chance < 0.1:
            self._process(0, "reconcile", "--env", "test", "--format", "json", "-q")
        elif chance < 0.2:
            self._process(0, *_send(name), "--retry", "refused")
        elif chance < 0.35:
            self._planned(name)
        elif chance < 0.5:
            self._two_at_once(name)
        elif chance < 0.6:
            self._process(0, *_send("a", "b"))
        else:
            self._process(0, *_send(name))

    def _planned(self, name: str) -> None:
        """A plan is looked at, the table is edited, and the plan is sent: what goes out is what was in the plan, or nothing."""
        self._allow({name: self._tables[name][-1:]})
        code = self._drivers[0].run("plan", f"{name}.yaml", "--env", "test", "--out", "plan.json", "-q")
        if code != 0:
            self._note_exit(0, code)
            return
        if self._chance.random() < 0.6:
            self._edit(name)
        approved = self._allowed
        self._process(0, "send", "--plan", "plan.json", "--yes", "--format", "json", "-q", approved=approved)

    def _two_at_once(self, name: str) -> None:
        self._allow({one: self._tables[one][-1:] for one in SPECS})
        pid = self._drivers[1].start(*_send(self._chance.choice(SPECS)))
        self._process(0, *_send(name), approved=self._allowed, alone=False)
        self._ended(1, pid, alone=False)
        self._api.wait_until_idle()

    def _process(
        self,
        number: int,
        *arguments: str,
        approved: Mapping[str, Mapping[str, set[str]]] | None = None,
        alone: bool = True,
    ) -> None:
        """A process, and what befalls it."""
        driver = self._drivers[number]
        if approved is None:
            self._allow({name: self._tables[name][-1:] for name in SPECS})
        pid = driver.start(*arguments)
        for _ in range(self._chance.choice((0, 1, 2, 3, 4))):
            time.sleep(self._chance.uniform(0.005, 0.1))
            what = self._chance.random()
            if what < 0.3:
                self._edit(self._chance.choice(SPECS))
            elif what < 0.8:
                if self._total.kills < self._kills:
                    self._signal(pid, signal.SIGKILL)
                break
            elif what < 0.88:
                self._signal(pid, signal.SIGSTOP)
                time.sleep(self._chance.uniform(0.01, 0.1))
                self._signal(pid, signal.SIGCONT)
            else:
                self._signal(pid, self._chance.choice((signal.SIGINT, signal.SIGTERM)))
        self._ended(number, pid, alone=alone)
        if alone:
            self._api.wait_until_idle()

    def _signal(self, pid: int, which: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, which)
            self._total.signals += which is not signal.SIGKILL

    def _ended(self, number: int, pid: int, *, alone: bool) -> None:
        driver = self._drivers[number]
        watchdog = threading.Timer(HANGS_AFTER_SECONDS, self._hangs, (driver, pid))
        watchdog.start()
        code = driver.wait()
        watchdog.cancel()
        self._note_exit(number, code)
        self._check_document(driver, code, alone=alone)

    def _hangs(self, driver: Driver, pid: int) -> None:
        self._wrong("hung", f"no end after {HANGS_AFTER_SECONDS:.0f} s: {driver.said()[-300:]}")
        self._signal(pid, signal.SIGKILL)

    def _note_exit(self, number: int, code: int) -> None:
        driver = self._drivers[number]
        self._total.runs += 1
        self._total.exits[code] += 1
        self._total.kills += code == -signal.SIGKILL
        if code not in EXPECTED or "Traceback" in driver.said():
            self._wrong("broke", f"exit {code}: {driver.said()[-800:]}")
        if PRIVATE.search(driver.said().encode()):
            self._wrong("leaked", "a process said a number or the key")

    def _edit(self, name: str) -> None:
        """In place, in the same file, as an editor might: rows changed, added, removed, in another order."""
        table = dict(self._tables[name][-1])
        orders = list(table)
        for order in self._chance.sample(orders, min(8, len(orders))):
            self._counter += 1
            table[order] = f"word{self._counter}."
        what = self._chance.random()
        if what < 0.3:
            for _ in range(3):
                self._order += 1
                table[f"N{self._order}"] = "new."
        elif what < 0.5 and len(orders) > 20:
            for order in self._chance.sample(orders, 3):
                table.pop(order, None)
        if self._chance.random() < 0.5:
            table = dict(self._chance.sample(list(table.items()), len(table)))
        with self._lock:
            self._tables[name].append(table)
            if name in self._allowed and len(self._allowed) == len(SPECS):  # a plan allows what it holds, no later word
                self._allowed = {**self._allowed, name: _words([self._allowed[name], table])}
        self._write(name)

    def _write(self, name: str) -> None:
        rows = "".join(f"{_phone(order)},{order},{word}\n" for order, word in self._tables[name][-1].items())
        content = f"phone,order_id,word\n{rows}".encode()
        with (self._folder / f"{name}.csv").open("r+b" if (self._folder / f"{name}.csv").exists() else "wb") as file:
            file.write(content)
            file.truncate()

    def _allow(self, tables: Mapping[str, list[Table]]) -> None:
        """From now on a message may have these words, those of later edits, and what the ledger had planned before."""
        with self._lock:
            self._allowed = {name: _words(versions) for name, versions in tables.items()}

    def _seen(self, payload: dict[str, Any]) -> None:
        """Called before the server answers, while the claim stands."""
        text = payload["body"]["text"]["text"]
        key, word = text.split(": ", 1)
        name, order = key.split(" ", 1)
        identity = message_id(self._salt, name, 1, order)
        rows = self._ledger("SELECT state, digest, attempt FROM message WHERE id = ?", identity)
        plain = {member: value for member, value in payload.items() if member != "reference"}
        digest = payload_digest(self._salt, sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).digest())
        if not rows or rows[0][2] == 0:
            self._wrong("unclaimed", f"{key} arrived, and the ledger has {rows}")
        elif rows[0][1] != digest:
            self._wrong("other_texts", f"{text!r} is not what the ledger has planned")
        with self._lock:
            allowed = self._allowed.get(name, {}).get(order, set())
        if word not in allowed:
            self._wrong("other_texts", f"{text!r} was not approved: {sorted(allowed)}")

    def _check_document(self, driver: Driver, code: int, *, alone: bool = True) -> None:
        """What a command said in JSON: its totals add up, and are the ledger's, where no other run has moved them since."""
        try:
            document = json.loads(driver.out.read_text())
        except (ValueError, FileNotFoundError):
            return
        if document.get("schema") != "sendspec.run/1" or document.get("totals") is None:
            return
        totals = document["totals"]
        parts = [totals[name] for name in ("accepted", "refused", "in_doubt", "not_sent", "skipped")]
        sums = {name: sum(spec["totals"][name] for spec in document["specs"]) for name in totals}
        if (
            totals["recipients"] != sum(parts)
            or sums != totals
            or sum(document["skipped"].values()) != totals["skipped"]
        ):
            self._wrong("wrong_totals", f"exit {code}: {totals}, {document['skipped']}")
        if document.get("run") is None or not alone:
            return
        states = dict(self._ledger("SELECT state, count(*) FROM message WHERE run = ? GROUP BY state", document["run"]))
        told = {state: totals[state] for state in ("accepted", "refused", "in_doubt")}
        kept = {state: states.get(state, 0) for state in told}
        if told != kept:
            self._wrong("wrong_totals", f"exit {code}, run {document['run']}: says {told}, the ledger {kept}")

    def _judge(self) -> None:
        """The server is calm: all that is left is sent, and the ledger's books are compared with the server's."""
        self._api.share = self._api.lies = 0.0
        self._allow({name: self._tables[name][-1:] for name in SPECS})
        finished = {name: self._resumed(name) for name in SPECS}
        driver = self._drivers[0]
        code = driver.run("reconcile", "--env", "test", "--format", "json", "-q")
        self._note_exit(0, code)
        if driver.run("ledger", "check", "--env", "test") != 0:
            self._wrong("damaged", driver.said())
        taken = self._api.books.taken
        self._total.arrived += self._api.books.arrived
        for key, ids in taken.items():
            if len(ids) > 1:
                self._wrong("twice", f"{key}: {ids}, {self._row(key)}")
        for name in SPECS:
            self._compare(name, finished[name], taken)
        for path in self._folder.rglob("*"):
            if path.is_file() and path.suffix != ".csv" and PRIVATE.search(path.read_bytes()):
                self._wrong("leaked", f"{path.name} holds a number or the key")

    def _resumed(self, name: str) -> bool:
        """Whether the send came to its end: every row of its table is in some bucket then."""
        for _ in range(MAX_RESUMES):
            code = self._drivers[0].run(*_send(name))
            self._note_exit(0, code)
            said = self._drivers[0].said()
            if "reference-taken" in said:
                return False
            self._check_document(self._drivers[0], code)
            if code in ENDED_WELL:
                document = json.loads(self._drivers[0].out.read_text())
                people = len(self._tables[name][-1])
                if document["totals"]["recipients"] != people:
                    self._wrong("lost", f"{name}: {people} people, and {document['totals']}")
                if document["totals"]["not_sent"] == 0:
                    return True
        if code == 6 and name != "a" and "reference" in said:
            return False  # a reference of the user's own that is listed proves nothing, and stops the run
        self._wrong("broke", f"{name} comes to no end, exit {code}: {said[-600:]}")
        return False

    def _compare(self, name: str, finished: bool, taken: Mapping[str, list[str]]) -> None:
        ids = {message_id(self._salt, name, 1, order).hex(): order for table in self._tables[name] for order in table}
        rows = self._ledger(
            "SELECT lower(hex(id)), state, remote_id FROM message WHERE spec = (SELECT number FROM spec WHERE name = ?)",
            name,
        )
        self._total.messages += len(rows)
        known = {ids.get(identity, identity): (state, remote) for identity, state, remote in rows}
        for order in self._tables[name][-1] if finished else ():
            if order not in known:
                self._wrong("lost", f"{name} {order} is not in the ledger")
        for order, (state, remote) in known.items():
            accepted = taken.get(f"{name} {order}", [])
            if state == "accepted" and remote not in accepted:
                self._wrong("false_accepts", f"{name} {order}: the ledger has {remote}, the server {accepted}")
            if accepted and state not in ("accepted", "in_doubt"):
                self._wrong("lost", f"{name} {order} was accepted as {accepted}, and is {state}")
            if state == "sending":
                self._wrong("lost", f"{name} {order} is still being sent")
            if state == "in_doubt":
                self._total.doubts_left += 1
                self._total.doubts_left_accepted += bool(accepted)
                if accepted and name == "a":
                    self._wrong("lost", f"{name} {order} was accepted as {accepted}, and is not found")
        for key in taken:
            if key.startswith(name + " ") and key.split(" ", 1)[1] not in known:
                self._wrong("lost", f"{key} was accepted, and is not in the ledger")

    def _row(self, key: str) -> list[Any]:
        name, order = key.split(" ", 1)
        identity = message_id(self._salt, name, 1, order)
        return self._ledger(
            "SELECT e.at, e.run, e.attempt, e.origin, e.target, e.evidence FROM event e JOIN message m ON m.number = e.message"
            " WHERE m.id = ? ORDER BY e.number",
            identity,
        )

    def _wrong(self, what: str, note: str) -> None:
        setattr(self._total, what, getattr(self._total, what) + 1)
        self._total.notes.append(f"{what}: {note}")

    def _ledger(self, sql: str, *parameters: object) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self._folder}/test.db?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, parameters).fetchall()


def _send(*names: str) -> tuple[str, ...]:
    return ("send", *(f"{name}.yaml" for name in names), "--env", "test", "--yes", "--format", "json", "-q")


def _first_table() -> Table:
    return {f"A{number}": f"word {number}." for number in range(PEOPLE)}


def _phone(order: str) -> str:
    return f"+4477009{int(order[1:]) + (50_000 if order[0] == 'N' else 0):05d}"


def _words(versions: list[Any]) -> dict[str, set[str]]:
    words: dict[str, set[str]] = {}
    for version in versions:
        for order, word in version.items():
            words.setdefault(order, set()).update({word} if isinstance(word, str) else word)
    return words


def _salt_in(lock: Mapping[str, Any]) -> bytes:
    found = re.search(r'"salt": ?"([^"]+)"', json.dumps(lock))
    assert found is not None, lock
    return bytes.fromhex(found[1])
