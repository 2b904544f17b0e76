"""A channel with `batch`, from outside, against the sandbox: several messages a request, each of them still sent at most once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from processes import SEND, started, until
from project_dir import CHANNEL, SECRET, SPEC, WORKSPACE, ProjectDir, numbers
from sendspec.ledger.spill_file import RESULT_BYTES
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store

PEOPLE = 250
PROJECT = """environments:
  test:
    api_url: {url}
    access_key: {{env: TEST_KEY}}
    ledger: {{file: .sendspec/test.db}}
    channels:
      sms: {{workspace: {workspace}, channel: {channel}, batch: 100, concurrency: {concurrency}, timeout: 20}}
"""


@dataclass
class Place:
    """A project with 250 people, whose messages go to a sandbox in batches of 100."""

    project_dir: ProjectDir
    store: Store

    def send(self, *more: str) -> Any:
        return self.project_dir.run(*SEND, *more)

    def totals(self) -> dict[str, int]:
        return dict(self.project_dir.run("status", "--env", "test", "--format", "json").json["totals"])

    def check(self, *, taken: int = PEOPLE) -> None:
        """Nobody's message is there twice, and the ledger has of each the id that the sandbox gave it."""
        id_by_reference = {message.payload["reference"]: message.id for message in self.store.all()}
        assert len(self.store.all()) == len(id_by_reference) == taken
        listed = self.project_dir.run("status", "--env", "test", "--messages", "--format", "json").json["messages"]
        accepted = {message["reference"]: message["remote_id"] for message in listed if message["state"] == "accepted"}
        assert accepted == id_by_reference


Start = Callable[..., Place]


@pytest.fixture
def start(project_dir: ProjectDir) -> Iterator[Start]:
    """Starts a sandbox with these faults, and makes a project that sends to it, one request at a time unless told otherwise."""
    with ExitStack() as running:

        def begin(*faults: str, concurrency: int = 1) -> Place:
            store = Store(None)
            running.callback(store.close)
            sandbox = Sandbox(store, time.time, faults=[parse_fault(fault) for fault in faults])
            url = running.enter_context(serving(sandbox))
            place = {"url": url, "workspace": WORKSPACE, "channel": CHANNEL, "concurrency": concurrency}
            project_dir.write("sendspec.yaml", PROJECT.format(**place))
            project_dir.write("hello.yaml", SPEC)
            project_dir.write("people.csv", numbers(PEOPLE))
            project_dir.environ["TEST_KEY"] = SECRET
            assert project_dir.run("ledger", "init", "--env", "test").code == 0
            return Place(project_dir, store)

        yield begin


def test_250_messages_go_out_in_three_requests_and_never_again(start: Start) -> None:
    place = start(concurrency=32)
    plan = place.project_dir.run("plan", "hello.yaml", "--env", "test")
    assert "up to 100 messages a request: refused together" in plan.out
    assert (
        place.project_dir.run("plan", "hello.yaml", "--env", "test", "--format", "json").json["specs"][0]["batch"]
        == 100
    )
    done = place.send()
    assert done.code == 0, done.err
    assert (done.json["totals"]["accepted"], done.json["requests"]) == (PEOPLE, 3)
    place.check()
    again = place.send()
    assert again.code == 0
    assert (again.json["skipped"], again.json["requests"]) == ({"already-accepted": PEOPLE}, 0)
    place.check()


def test_there_is_room_beside_the_ledger_for_the_results_of_all_that_is_on_the_wire(start: Start) -> None:
    place = start(concurrency=5)
    place.project_dir.write("people.csv", numbers(600))
    assert place.send().code == 0
    assert (place.project_dir.folder / ".sendspec" / "test.db.spill").stat().st_size == 2 * 500 * RESULT_BYTES


@pytest.mark.parametrize("command", ["send", "reconcile"])
def test_a_lost_answer_leaves_its_batch_in_doubt_and_the_list_shows_that_it_was_taken(
    start: Start, command: str
) -> None:
    place = start("drop-after:from=2,to=2")
    done = place.send()
    assert done.code == 4, done.err
    assert (done.json["totals"]["accepted"], done.json["totals"]["in_doubt"], done.json["requests"]) == (150, 100, 3)
    if command == "send":
        again = place.send()
        assert (again.code, again.json["requests"]) == (0, 0)
    else:
        reconciled = place.project_dir.run("reconcile", "--env", "test", "--format", "json")
        assert (reconciled.code, len(reconciled.json["reconciled"]["found"])) == (0, 100)
    assert place.totals()["accepted"] == PEOPLE
    place.check()


def test_a_batch_that_was_lost_on_the_way_stays_in_doubt_and_is_not_sent_again(start: Start) -> None:
    place = start("drop-before:from=2,to=2")
    assert place.send().code == 4
    again = place.send()
    assert (again.code, again.json["requests"]) == (4, 0)
    assert again.json["skipped"] == {"already-accepted": 150, "in-doubt-before": 100}
    place.check(taken=150)


def test_a_batch_that_is_answered_with_429_goes_out_again_as_a_whole(start: Start) -> None:
    place = start("429:from=2,to=2,retry-after=0")
    done = place.send()
    assert done.code == 0, done.err
    assert (done.json["totals"]["accepted"], done.json["requests"]) == (PEOPLE, 4)
    place.check()


def test_a_refusal_concerns_the_whole_batch_and_its_messages_are_sent_again_when_a_person_asks(start: Start) -> None:
    place = start("422:from=2,to=2")
    done = place.send()
    assert done.code == 3, done.err
    assert (done.json["totals"]["accepted"], done.json["totals"]["refused"]) == (150, 100)
    again = place.send()
    assert (again.code, again.json["requests"]) == (3, 0)
    retried = place.send("--retry", "refused")
    assert retried.code == 0, retried.err
    assert (retried.json["totals"]["accepted"], retried.json["requests"]) == (100, 1)
    place.check()


def test_a_first_batch_that_is_refused_stops_the_run(start: Start) -> None:
    place = start("422:to=1")
    done = place.send()
    assert done.code == 7, done.err
    assert (done.json["totals"]["refused"], done.json["totals"]["not_sent"], done.json["requests"]) == (100, 150, 1)
    assert place.store.all() == []


@pytest.mark.parametrize("fault", ["foreign-reference", "html"])
def test_an_answer_that_is_not_the_batchs_is_looked_up_before_one_message_probes(start: Start, fault: str) -> None:
    place = start(f"{fault}:from=2,to=2")
    done = place.send()
    assert done.code == 0, done.err
    assert (done.json["totals"]["accepted"], done.json["requests"]) == (PEOPLE, 4)
    assert done.json["totals"]["in_doubt"] == 0
    place.check()


def test_a_kill_in_the_middle_of_a_batch_loses_nobody_and_reaches_nobody_twice(start: Start) -> None:
    place = start("hang:from=2,to=2")
    process = started(place.project_dir)
    until(lambda: len(place.store.all()) == 200)
    process.kill()
    process.communicate()
    assert place.totals() == {
        "recipients": PEOPLE, "accepted": 100, "refused": 0, "in_doubt": 100, "not_sent": 50, "skipped": 0,
    }  # fmt: skip
    done = place.send()
    assert done.code == 0, done.err
    assert (done.json["totals"]["accepted"], done.json["requests"]) == (50, 1)
    place.check()


ENDINGS = "+447700900001,+447700000429,+447700000500,+447700900004,+447710000429,+447700000422,+447700900007"
"""Batches of three, the last one of one: the first has to be sent twice and is a doubt, the second is refused."""


@pytest.mark.parametrize(
    ("size", "accepted", "refused", "doubts"), [("batch: 3, ", 1, 3, 3), ("", 5, 1, 1)], ids=["batches", "one by one"]
)
def test_endings_of_numbers_count_for_their_whole_request(
    start: Start, size: str, accepted: int, refused: int, doubts: int
) -> None:
    place = start()
    config = (place.project_dir.folder / "sendspec.yaml").read_text()
    place.project_dir.write("sendspec.yaml", config.replace("batch: 100, ", size))
    rows = [f"{number},A,{number[-7:]}\n" for number in ENDINGS.split(",")]
    place.project_dir.write("people.csv", "".join(["phone,first_name,order_id\n", *rows]))
    done = place.send()
    totals = done.json["totals"]
    assert done.code == 4, done.err
    assert (totals["accepted"], totals["refused"], totals["in_doubt"]) == (accepted, refused, doubts)
    assert len(place.store.all()) == accepted + doubts
    assert place.project_dir.run("reconcile", "--env", "test").code == 0
    assert (place.totals()["accepted"], place.totals()["refused"]) == (accepted + doubts, refused)
