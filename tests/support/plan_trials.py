"""One history of plan files over a real project: plans, edits, faults and sends, each held against the model and the server's log."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from plan_files import resealed
from plan_model import API_REFUSED, KILLED, STALE, Books, Fact, Forecast, ModelPlan, Person, Wording
from plan_steps import PEOPLE, Change, Edit, Expire, Fault, MakePlan, Resolve, Send, Step, Suppress, answer_of
from project_dir import Answer, CountingServer, Done, ProjectDir, Request, listed
from sendspec.composing.identity import id_text, message_id


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as the server saw it, and what it did with it."""

    person: Person
    text: str
    reference: str
    fate: str


def prepare(project: ProjectDir) -> None:
    """Makes a project that trials start from copies of. One request after the other, so that a trial repeats."""
    text = (project.folder / "sendspec.yaml").read_text()
    project.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 2, concurrency: 1"))


class PlanTrial:
    """A copy of the project at `template`, its model, and the server that counts."""

    def __init__(self, template: ProjectDir, folder: Path, server: CountingServer) -> None:
        shutil.copytree(template.folder, folder)
        self._project = ProjectDir(folder)
        self._project.environ = template.environ
        self._server = server
        server.requests.clear()
        server.taken.clear()
        salt = re.search(r'"salt": ?"([^"]+)"', (folder / "sendspec.lock").read_text())
        assert salt is not None
        self._ids = {
            person: id_text(message_id(bytes.fromhex(salt[1]), "hello", 1, _phone(person))) for person in PEOPLE
        }
        self._books = Books(table=dict.fromkeys(PEOPLE[:3], "a"))
        self._plans: dict[str, ModelPlan] = {}
        self._notes = 0
        self._arrivals: list[Arrival] = []
        self._write()

    def take(self, step: Step) -> None:
        self._books.commands += 1
        match step:
            case MakePlan(file, retry):
                refused = any(fact.state == "refused" for fact in self._books.facts.values())
                self._plan(file, retry=retry and refused)
            case Edit(what, person):
                self._edit(what, person)
                self._write()
            case Suppress(person):
                self._books.suppressed ^= {person}
                self._write()
            case Expire(file):
                if file in self._plans:
                    self._expire(file)
            case Resolve(to):
                self._resolve(to)
            case Send(file, fault):
                if file is None or file in self._plans:
                    self._send(file, fault)
            case _:
                assert_never(step)

    def finish(self) -> None:
        """The faults are over: each plan that isn't stale is finished by one more send of it, and then sends nothing."""
        for file in self._plans:
            before = len(self._arrivals)
            self._send(file, None)
            if len(self._arrivals) > before:
                before = len(self._arrivals)
                assert self._send(file, None) != STALE
                assert len(self._arrivals) == before
        self._check_status()

    def _plan(self, file: str, *, retry: bool) -> None:
        more = ("--retry", "refused") if retry else ()
        done = self._project.run("plan", "hello.yaml", "--env", "test", "--out", file, "--format", "json", *more)
        assert done.code == 0, done.err
        self._plans[file] = plan = self._books.plan(retry=retry)
        assert done.json["totals"]["send"] == len(plan.marked), (done.json, plan)
        assert len(json.loads((self._project.folder / file).read_text())["pairs"]) == len(plan.declared)

    def _edit(self, what: Change, person: Person) -> None:
        books = self._books
        if what == "person" and person in books.table:
            if len(books.table) > 1:  # an empty table is refused
                del books.table[person]
        elif what == "person" or what == "word":
            books.table[person] = "b" if books.table.get(person) == "a" else "a"
        elif what == "order":
            books.table = dict(reversed(books.table.items()))
        elif what == "text":
            books.greeting = "Dear" if books.greeting == "Hi" else "Hi"
        elif what == "reference":
            books.own_reference = not books.own_reference
        elif what == "comment":
            self._notes += 1
        elif what == "in_doubt":
            policy = "resend_if_absent" if books.settings.in_doubt == "hold" else "hold"
            books.settings = replace(books.settings, in_doubt=policy)
        elif what == "limit":
            books.settings = replace(books.settings, limit=None if books.settings.limit else 2)
        else:
            assert_never(what)

    def _write(self) -> None:
        books = self._books
        limit = "" if books.settings.limit is None else f"limits: {{messages: {books.settings.limit}}}\n"
        reference = "  reference: 'R-{{ order_id }}'\n" if books.own_reference else ""
        self._project.write(
            "hello.yaml",
            f"# note {self._notes}\nspec: 1\nname: hello\nchannel: sms\nsuppress: [out.txt]\n"
            f"in_doubt: {books.settings.in_doubt}\n{limit}recipients: {{file: people.csv}}\n"
            f'message:\n{reference}  body: {{type: text, text: {{text: "{books.greeting} {{{{ word }}}}"}}}}\n',
        )
        rows = "".join(f"{_phone(person)},{person},{word}\n" for person, word in books.table.items())
        self._project.write("people.csv", f"phone,order_id,word\n{rows}")
        self._project.write("out.txt", "".join(f"{_phone(person)}\n" for person in sorted(books.suppressed)))

    def _expire(self, file: str) -> None:
        path = self._project.folder / file
        past = {"created": "2020-01-01T00:00:00Z", "expires": "2020-01-02T00:00:00Z"}
        path.write_text(json.dumps(resealed({**json.loads(path.read_text()), **past})))
        self._plans[file] = replace(self._plans[file], expired=True)

    def _resolve(self, to: str) -> None:
        chosen = [
            person
            for person, fact in self._books.facts.items()
            if fact.state == "in_doubt" and fact.taken == (to == "accepted")
        ]
        if not chosen:
            return
        ids = [self._ids[person] for person in chosen]
        done = self._project.run("resolve", *ids, "--as", to, "--reason", "looked", "--env", "test")
        assert done.code == 0, done.err
        state = {"not-sent": "planned"}.get(to, to)
        for person in chosen:
            self._books.facts[person] = Fact(state, self._books.facts[person].text)

    def _send(self, file: str | None, fault: Fault | None) -> int:
        """Sends, and holds the exit code, the totals and what arrived against the model. Returns the exit code."""
        books = self._books
        books.commands += 1
        plan = None if file is None else self._plans[file]
        forecast = books.forecast(plan)
        left = books.left()
        done, arrived = self._run(file, fault)
        self._arrivals += arrived
        told = f"{forecast}\n{arrived}\n{done}"
        self._check_arrivals(arrived, forecast, plan, told)
        stopped = done.code == KILLED or any(arrival.fate == "stop" for arrival in arrived)
        assert stopped or len(arrived) == len(forecast.sent), told
        if forecast.sent:
            self._record(forecast.sent, arrived)
        if done.code == KILLED:
            self._adopt(forecast.sent, arrived)
        else:
            self._check_account(done, arrived, forecast, left, told)
        return done.code

    def _check_arrivals(
        self, arrived: Sequence[Arrival], forecast: Forecast, plan: ModelPlan | None, told: str
    ) -> None:
        """Only what the model expects arrived, and only what the plan names; nobody has two."""
        for arrival in arrived:
            assert arrival.person in forecast.sent, told
            assert self._says(arrival, forecast.sent[arrival.person]), told
            if plan is not None:  # the same, without the model's help
                assert arrival.person in plan.marked, told
                assert self._says(arrival, plan.declared[arrival.person]), told
        assert max(Counter(arrival.person for arrival in arrived).values(), default=0) <= 1, told
        assert max(self._accepted().values(), default=0) <= 1, told

    def _check_account(self, done: Done, arrived: Sequence[Arrival], forecast: Forecast, left: int, told: str) -> None:
        """The exit code, and the totals of a send that came as far as sending."""
        fates = Counter(arrival.fate for arrival in arrived)
        if forecast.code is not None:
            assert done.code == forecast.code, told
            return
        not_sent = len(forecast.sent) - len(arrived) + fates["stop"]
        code = self._books.code_at_the_end(forecast.skipped, left, refused=fates["refused"], not_sent=not_sent)
        assert done.code == (API_REFUSED if fates["stop"] else code), told
        expected = {
            "recipients": len(self._books.table),
            "accepted": fates["accepted"],
            "refused": fates["refused"],
            "in_doubt": fates["lost"] + fates["taken"],
            "not_sent": not_sent,
            "skipped": sum(forecast.skipped.values()),
        }
        assert (done.json["totals"], done.json["skipped"]) == (expected, forecast.skipped), told
        assert done.json["left"] == left, told

    def _run(self, file: str | None, fault: Fault | None) -> tuple[Done, list[Arrival]]:
        arrived: list[Arrival] = []
        running, pids = threading.Event(), list[int]()

        def decide(_: int, request: Request) -> Answer:
            answer, fate = answer_of(fault, len(arrived) + 1)
            payload = request.json
            person = f"A{payload['receiver']['contacts'][0]['identifierValue'][-1]}"
            arrived.append(Arrival(person, payload["body"]["text"]["text"], payload["reference"], fate))
            if fate == "killed":
                if fault is not None and fault.damage == "kill, taken":  # listed before the process is gone
                    self._server.taken.append(listed(request))
                assert running.wait(10)
                os.kill(pids[0], signal.SIGKILL)
            return answer

        def started(pid: int) -> None:
            pids.append(pid)
            running.set()

        self._server.decide = decide
        named = ("hello.yaml", "--env", "test") if file is None else ("--plan", file)
        done = self._project.run("send", *named, "--yes", "--format", "json", started=started)
        return done, arrived

    def _says(self, arrival: Arrival, wording: Wording) -> bool:
        """A message that a person had sent again has a number after its reference."""
        reference = wording.reference or self._ids[arrival.person]
        return arrival.text == wording.text and re.fullmatch(rf"{reference}(-\d)?", arrival.reference) is not None

    def _accepted(self) -> Counter[str]:
        return Counter(message["receiver"]["contacts"][0]["identifierValue"] for message in self._server.taken)

    def _record(self, sent: Mapping[Person, Wording], arrived: Sequence[Arrival]) -> None:
        books = self._books
        books.started = True
        for person, wording in sent.items():
            books.facts[person] = Fact("planned", wording.text)
        for person, text, fate in [(each.person, each.text, each.fate) for each in arrived]:
            if fate == "accepted":
                books.facts[person] = Fact("accepted", text)
            elif fate == "refused":
                books.facts[person] = Fact("refused", text, refused_at=books.commands)
            elif fate in ("lost", "taken"):
                books.facts[person] = Fact("in_doubt", text, taken=fate == "taken")

    def _adopt(self, sent: Iterable[Person], arrived: Sequence[Arrival]) -> None:
        """Takes what the killed run had noted from the ledger: what it had claimed, or had no time to note, is in doubt."""
        accepted = self._accepted()
        fates = {each.person: each.fate for each in arrived}
        states, _ = self._status()
        for person in sent:
            state, fact = states[person], self._books.facts[person]
            possible = {"accepted": {"accepted", "in_doubt"}, "killed": {"in_doubt"}}
            assert state in possible.get(fates.get(person, ""), {"planned", "in_doubt"}), (person, state, fates)
            self._books.facts[person] = replace(
                fact, state=state, taken=state == "in_doubt" and accepted[_phone(person)] > 0
            )

    def _status(self) -> tuple[dict[Person, str], dict[str, int]]:
        """Each person's state, and the totals."""
        listed = self._project.run("status", "hello.yaml", "--env", "test", "--messages", "--format", "json").json
        state_by_id = {each["id"]: each["state"] for each in listed["messages"]}
        found = {person: state_by_id.get(identity) for person, identity in self._ids.items()}
        states = {person: "in_doubt" if state == "sending" else state for person, state in found.items() if state}
        return states, listed["totals"]

    def _check_status(self) -> None:
        """The ledger has of everybody what the model has, and its accepted and doubts are all that the server accepted."""
        facts = self._books.facts
        states, totals = self._status()
        assert states == {person: fact.state for person, fact in facts.items()}
        assert totals == self._books.totals()
        taken = {_phone(person) for person, fact in facts.items() if fact.state == "accepted" or fact.taken}
        assert set(self._accepted()) == taken


def _phone(person: Person) -> str:
    return f"+44770090000{person[1:]}"
