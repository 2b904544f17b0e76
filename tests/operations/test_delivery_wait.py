"""A wait for deliveries against a list that fails, is late, empty, endless or another's: its verdicts, its requests and its deadline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
from processes import until
from project_dir import CHANNEL, SECRET, SPEC, WORKSPACE, Answer, CountingServer, ProjectDir, Request, numbers
from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.record import Route, SentMessage
from sendspec.operations.delivery_wait import wait_for_deliveries
from sendspec.operations.ledger_access import ledger_to_read, ledger_to_write
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.system import real_system
from sendspec.operations.undecided_messages import UndecidedMessages
from sendspec.operations.wait_scope import GateWords, WaitScope, wait_scope
from sendspec.operations.waited import Signalled, Waited, WaitProgress
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.spec import read_spec

START = 1_900_000_000.0
LIST = f"/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"


@dataclass
class Timer:
    """A clock that only sleeping and `pass_by` move."""

    now: float = 1_000.0
    wall_at_zero: float = field(default_factory=lambda: time.time() - 1_000.0)
    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[float], None] = lambda seconds: None

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.on_sleep(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.now, wall=lambda: self.wall_at_zero + self.now, sleep=self.sleep, random=lambda: 0.5
        )


class Api:
    """The API's list and its messages, as this test wants them."""

    def __init__(self, server: CountingServer, timer: Timer) -> None:
        self._server, self._timer = server, timer
        self.status_of: Callable[[int], str] = lambda number: "delivered"
        self.more: dict[str, Any] = {}
        self.list_fault: Callable[[int], Answer | None] = lambda number: None
        self.has_singles = True
        self.hidden: Callable[[int], bool] = lambda number: False
        self.page_size = 1_000
        self.lists = self.singles = 0
        self.times: list[float] = []
        server.listing = self.answer

    def shown(self, number: int) -> dict[str, Any]:
        status = self.status_of(number)
        failure = {"failure": {"code": 15005, "source": {"name": "sms-messagebird", "code": "1"}},
                   "reason": "details: no; reason: unknown_subscriber; code: 1"} if status == "delivery_failed" else {}  # fmt: skip
        return {**self._server.taken[number], "status": status, **failure, **self.more}

    def answer(self, request: Request) -> Answer:
        self.times.append(self._timer.now)
        path, _, query = request.path.partition("?")
        if path != LIST:
            self.singles += 1
            found = [n for n, each in enumerate(self._server.taken) if path == f"{LIST}/{each['id']}"]
            if not self.has_singles or not found:
                return Answer(404, b'{"code": "NotFound", "message": "message not found"}')
            return Answer(200, json.dumps(self.shown(found[0])).encode())
        self.lists += 1
        fault = self.list_fault(self.lists)
        if fault is not None:
            return fault
        start = int(parse_qs(query).get("pageToken", ["0"])[0])
        numbers = [n for n in range(len(self._server.taken)) if not self.hidden(n)]
        chosen = numbers[start : start + self.page_size]
        token = str(start + self.page_size) if start + self.page_size < len(numbers) else None
        return CountingServer.page([self.shown(n) for n in chosen], token)


@dataclass(frozen=True)
class World:
    project: ProjectDir
    server: CountingServer
    api: Api
    timer: Timer

    def send(self, count: int, spec: str = SPEC) -> None:
        self.project.write("hello.yaml", spec)
        self.project.write("people.csv", numbers(count))
        assert self.project.run("send", "hello.yaml", "--env", "test", "--yes", "-q").code in (0, 3, 4, 7)
        self.api.lists = self.api.singles = 0  # the send compares the ledger with the list, too
        self.api.times.clear()

    @property
    def context(self) -> ProjectContext:
        system = real_system("test", environ={"TEST_KEY": SECRET}, clock=self.timer.clock)
        found = open_context(["hello.yaml"], "test", Problems(), system)
        assert found is not None
        return found

    def scope(self, timeout: int = 60, need: str | None = None, max_failed: str | None = None) -> WaitScope:
        words = GateWords(
            need=None if need is None else Fraction(need),
            max_failed=None if max_failed is None else Fraction(max_failed),
            timeout_seconds=timeout,
        )
        spec = read_spec("hello.yaml", Problems())
        assert spec is not None
        with ledger_to_read(self.context) as ledger:
            return wait_scope(self.context, ledger, [spec], (), words)

    def wait(
        self, *, until_final: bool = False, watch: Callable[[WaitProgress], None] = lambda p: None, **scope: Any
    ) -> Waited:
        return wait_for_deliveries(self.context, self.scope(**scope), until_final=until_final, watch=watch)


@pytest.fixture
def world(project: ProjectDir, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(project.folder)
    timer = Timer()
    return World(project, server, Api(server, timer), timer)


def counts(waited: Waited) -> tuple[int, ...]:
    tally = waited.account.tally
    assert tally.accepted == tally.delivered + tally.undelivered + tally.under_way + tally.unknown
    return tally.delivered, tally.undelivered, tally.under_way, tally.unknown


def test_few_messages_are_asked_for_one_by_one_and_many_by_the_list(world: World) -> None:
    world.send(19)
    few = world.wait()
    assert (few.verdict, counts(few), few.polls, world.api.singles, world.api.lists) == ("met", (19, 0, 0, 0), 1, 19, 0)
    again = world.wait()  # what is final is not asked for again
    assert (again.verdict, again.polls, world.api.singles) == ("met", 0, 19)
    world.send(45)
    many = world.wait()
    assert (many.verdict, counts(many), world.api.singles, world.api.lists) == ("met", (45, 0, 0, 0), 0, 1)


@pytest.mark.parametrize("count", [5, 25])
@pytest.mark.parametrize("timeout", [0, 60])
def test_what_has_failed_is_looked_at_again_before_that_is_the_verdict(world: World, count: int, timeout: int) -> None:
    world.send(count)
    world.api.status_of = lambda number: "delivery_failed"
    assert (world.wait().verdict, world.wait().polls) == ("failed", 1)
    world.api.list_fault = lambda number: Answer(502)
    world.api.has_singles = False
    dead = world.wait(timeout=timeout)
    assert (dead.verdict, dead.failed_polls, bool(dead.reason)) == ("failed", 1, True)
    world.api.list_fault, world.api.has_singles = lambda number: None, True
    world.api.status_of = lambda number: "delivered"
    corrected = world.wait(timeout=timeout)
    assert (corrected.verdict, counts(corrected), corrected.account.tally.changed) == ("met", (count, 0, 0, 0), count)


def test_what_fails_while_it_waits_is_looked_at_once_more_with_what_failed_before(world: World) -> None:
    world.send(25)

    def status_of(number: int) -> str:
        if number == 24:
            return "delivery_failed" if world.timer.now < 1_010 else "delivered"
        return "sent" if number == 0 and world.timer.now < 1_010 else "delivered"

    world.api.status_of = status_of
    waited = world.wait(until_final=True)
    assert (waited.verdict, counts(waited)) == ("met", (25, 0, 0, 0))
    assert world.wait(timeout=0).polls == 0


def test_the_list_is_read_by_pages_at_ten_requests_a_second(world: World) -> None:
    world.send(30)
    world.api.page_size = 3
    waited = world.wait()
    assert (waited.verdict, world.api.lists, waited.polls) == ("met", 10, 1)
    assert world.api.times[-1] - world.api.times[0] == pytest.approx(0.9)


def test_messages_that_cannot_be_asked_for_singly_are_looked_up_in_the_list(world: World) -> None:
    world.send(3)
    world.api.has_singles = False
    waited = world.wait()
    assert (waited.verdict, world.api.lists) == ("met", 1)


@pytest.mark.parametrize(
    ("fault", "polls_fail"),
    [
        (lambda number: Answer(502) if number % 2 else None, False),
        (lambda number: Answer(502) if number < 4 else None, True),
        (lambda number: Answer(200, b"<html>") if number < 4 else None, True),
        (lambda number: Answer(429, headers={"Retry-After": "20"}) if number < 4 else None, True),
    ],
)  # fmt: skip
def test_a_failed_poll_is_another_poll(world: World, fault: Callable[[int], Answer | None], polls_fail: bool) -> None:
    world.send(25)
    world.api.list_fault = fault
    waited = world.wait(timeout=300)
    assert (waited.verdict, counts(waited), waited.reason) == ("met", (25, 0, 0, 0), "")
    assert (waited.failed_polls > 0) == polls_fail


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Answer(502), "502"), (Answer(200, b"[]"), "not the documented JSON"), (Answer(400), "400"),
     (Answer(200, json.dumps({"results": [], "nextPageToken": "same"}).encode()), "round in a circle")],
)  # fmt: skip
def test_where_no_poll_succeeds_it_is_undecided_for_that_reason(world: World, answer: Answer, reason: str) -> None:
    world.send(25)
    world.api.list_fault = lambda number: answer
    waited = world.wait(timeout=40)
    assert (waited.verdict, counts(waited)) == ("undecided", (0, 0, 0, 25))
    assert reason in waited.reason
    assert waited.polls == waited.failed_polls > 2
    assert 40 <= waited.seconds < 46


def test_failures_after_a_look_that_succeeded_are_no_reason(world: World) -> None:
    world.send(25)
    world.api.status_of = lambda number: "sent"
    world.api.list_fault = lambda number: Answer(502) if number > 1 else None
    waited = world.wait(timeout=20)
    assert (waited.verdict, counts(waited), waited.reason) == ("undecided", (0, 0, 25, 0), "")
    assert 0 < waited.failed_polls < waited.polls


def test_the_next_look_waits_as_long_as_the_api_asks(world: World) -> None:
    world.send(25)
    world.api.list_fault = lambda number: Answer(429, headers={"Retry-After": "50"}) if number == 1 else None
    assert world.wait(timeout=300).verdict == "met"
    assert world.api.times[1] - world.api.times[0] >= 50


@pytest.mark.parametrize("status", [401, 402, 403])
@pytest.mark.parametrize("count", [3, 25])
def test_a_refusal_of_the_whole_ends_it_at_once(world: World, status: int, count: int) -> None:
    world.send(count)
    refusal = Answer(status, b'{"code": "Unauthorized", "message": "no"}')
    world.server.listing = lambda request: refusal
    waited = world.wait(timeout=300)
    assert waited.refusal is not None
    assert (waited.refusal.http_status, waited.verdict, waited.polls, waited.seconds < 1) == (
        status,
        "undecided",
        1,
        True,
    )


def test_an_empty_or_late_list_says_nothing_until_it_shows_them(world: World) -> None:
    world.send(25)
    world.api.hidden = lambda number: world.timer.now < 1_100
    seen: list[tuple[int, float]] = []
    waited = world.wait(
        timeout=600, watch=lambda progress: seen.append((progress.account.tally.unknown, progress.pause))
    )
    assert (waited.verdict, counts(waited)) == ("met", (25, 0, 0, 0))
    assert [pause for _, pause in seen] == [2, 4, 8, 16, 32, 60]
    assert {unknown for unknown, _ in seen} == {25}
    world.api.hidden = lambda number: True
    world.send(50)
    empty = world.wait(timeout=30)
    assert (empty.verdict, counts(empty), empty.reason) == ("undecided", (25, 0, 0, 25), "")


def test_what_is_elsewhere_is_counted_and_never_believed(world: World) -> None:
    """Our reference with another's number, another submission of our message, and messages of other accounts."""
    world.send(25)
    other = {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+447700999999"}]}
    taken = world.server.taken
    shown = world.api.shown

    def altered(number: int) -> dict[str, Any]:
        message = shown(number)
        if number == 0:
            return {**message, "receiver": other}
        if number == 1:
            return {**message, "id": "another-submission"}
        if number == 2:
            return {**message, "reference": "somebody-elses", "id": "unknown-id"}
        if number == 3:
            return {**message, "reference": "m" + "0" * 32}
        return message

    world.api.shown = altered  # type: ignore[method-assign]
    waited = world.wait(timeout=20)
    assert (waited.verdict, counts(waited), waited.elsewhere) == ("undecided", (22, 0, 0, 3), 2)
    assert len(taken) == 25


def test_entries_that_cannot_be_read_leave_the_others_readable(world: World) -> None:
    world.send(25)
    shown = world.api.shown
    odd: Mapping[int, dict[str, Any]] = {
        0: {"status": 7},
        1: {"receiver": "x"},
        2: {"id": None},
        3: {"status": "a new word"},
        4: {"status": "newer"},
    }
    world.api.shown = lambda number: {**shown(number), **odd.get(number, {})}  # type: ignore[method-assign]
    waited = world.wait(timeout=5)
    assert counts(waited) == (20, 0, 2, 3)
    assert waited.account.by_status == {"delivered": 20, "newer": 1, "unreadable": 1}


def test_references_of_the_users_own_are_found_by_the_apis_id(world: World) -> None:
    world.send(25, SPEC.replace("message:\n", 'message:\n  reference: "{{ order_id }}-shipped"\n'))
    world.api.status_of = lambda number: "delivery_failed" if number == 3 else "delivered"
    waited = world.wait()
    assert (waited.verdict, counts(waited), world.api.singles) == ("failed", (24, 1, 0, 0), 0)
    (reason,) = waited.account.reasons
    assert (reason.status, reason.count, reason.words.kind) == ("delivery_failed", 1, "dead_number")


@pytest.mark.parametrize(
    ("gate", "until_final", "verdict", "by", "seconds"),
    [
        ({"need": "0.5"}, False, "met", "need", 6),
        ({"max_failed": "0.02"}, False, "failed", "max_failed", 2),
        ({}, False, "failed", "final", 2),
        ({"need": "0.5"}, True, "met", "need", 14),
        ({"need": "0.99"}, True, "failed", "need", 14),
        ({"need": "0.5", "max_failed": "0.2"}, True, "met", "need", 14),
    ],
)  # fmt: skip
def test_the_verdict_comes_as_early_as_it_is_certain(
    world: World, gate: dict[str, Any], until_final: bool, verdict: str, by: str, seconds: float
) -> None:
    world.send(25)

    def status_of(number: int) -> str:
        age = world.timer.now - 1_000
        if number == 0:
            return "delivery_failed" if age >= 2 else "sent"
        return "delivered" if age >= (5 if number < 15 else 9) else "sent"

    world.api.status_of = status_of
    waited = world.wait(until_final=until_final, **gate)
    assert waited.deciding is not None
    assert (waited.verdict, waited.deciding.judgement.by) == (verdict, by)
    assert waited.seconds == pytest.approx(seconds, abs=1.2)


def test_time_runs_out_at_the_deadline_after_a_look_at_it(world: World) -> None:
    world.send(25)
    world.api.status_of = lambda number: "sent"
    waited = world.wait(timeout=45)
    assert (waited.verdict, counts(waited), waited.reason) == ("undecided", (0, 0, 25, 0), "")
    assert waited.seconds == pytest.approx(45, abs=0.1)
    assert world.api.times[-1] == pytest.approx(1_045, abs=0.1)
    once = world.wait(timeout=0)
    assert (once.verdict, once.polls, once.seconds < 1) == ("undecided", 1, True)


@pytest.mark.parametrize("at_last", ["delivered", "sent"])
def test_stopped_for_longer_than_the_deadline_it_looks_once_more_and_says_how_long_it_took(
    world: World, at_last: str
) -> None:
    world.send(25)
    world.api.status_of = lambda number: at_last if world.timer.now > 4_000 else "sent"

    def stop(seconds: float) -> None:
        if world.timer.now > 1_008 and world.timer.now < 2_000:
            world.timer.now += 5_000.0  # a SIGSTOP, or the lid of a laptop

    world.timer.on_sleep = stop
    waited = world.wait(timeout=60)
    assert waited.verdict == ("met" if at_last == "delivered" else "undecided")
    assert 5_000 < waited.seconds < 5_020
    assert world.api.times[-1] > 6_000


def test_stopped_during_a_look_it_looks_once_more(world: World) -> None:
    world.send(25)

    def fault(number: int) -> Answer | None:
        if number == 1:
            world.timer.now += 5_000.0
            return Answer(502)
        return None

    world.api.list_fault = fault
    waited = world.wait(timeout=60)
    assert (waited.verdict, waited.polls, waited.failed_polls) == ("met", 2, 1)


def test_a_server_that_hangs_does_not_hold_it_up(world: World) -> None:
    world.send(25)
    answered = world.api.answer

    def hang(request: Request) -> Answer:
        world.server.released.wait(60)
        return answered(request)

    world.server.listing = hang
    before = time.monotonic()
    waited = wait_for_deliveries(world_in_real_time(world), world.scope(timeout=1))
    assert (waited.verdict, waited.polls >= 1, bool(waited.reason)) == ("undecided", True, True)
    assert time.monotonic() - before < 50
    world.server.released.set()


def world_in_real_time(world: World) -> ProjectContext:
    found = open_context(["hello.yaml"], "test", Problems(), real_system("test", environ={"TEST_KEY": SECRET}))
    assert found is not None
    return found


@pytest.mark.parametrize("when", ["before", "while it sleeps"])
def test_a_signal_ends_it_with_the_account_so_far(world: World, when: str) -> None:
    world.send(25)
    world.api.status_of = lambda number: "delivered" if number < 5 else "sent"

    def signal(*_: object) -> None:
        raise Signalled(15)

    if when == "before":
        world.server.listing = lambda request: Answer(200, json.dumps({"results": []}).encode())
        world.wait(timeout=0)
        world.timer.on_sleep = signal
        waited = world.wait()
        assert (counts(waited), waited.signal) == ((0, 0, 0, 25), 15)
        return
    waited = world.wait(watch=signal)
    assert (counts(waited), waited.signal, waited.verdict) == ((5, 0, 20, 0), 15, "undecided")


def test_a_plain_interrupt_before_the_first_look_gives_what_is_kept(world: World) -> None:
    world.send(3)
    world.wait()

    def interrupt(number: int) -> str:
        raise KeyboardInterrupt

    class Interrupting:
        def __enter__(self) -> None:
            raise KeyboardInterrupt

        def __exit__(self, *_: object) -> None: ...

    waited = wait_for_deliveries(world.context, world.scope(), interruptible=Interrupting)
    assert (counts(waited), waited.signal, waited.polls) == ((3, 0, 0, 0), 2, 0)


def test_messages_scheduled_behind_the_deadline_are_refused(world: World) -> None:
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7_200))
    world.send(2, SPEC.replace("message:\n", f'message:\n  scheduledFor: "{later}"\n'))
    world.api.status_of = lambda number: "scheduled"
    with pytest.raises(WrongUsage, match="scheduled for later than the time-out") as refused:
        world.wait(timeout=60)
    assert "--timeout 12" in refused.value.fix
    assert world.wait(timeout=0).verdict == "undecided"
    world.api.status_of = lambda number: "delivered"
    assert world.wait(timeout=10_000).verdict == "met"


@pytest.mark.parametrize(
    ("message", "seconds", "pointed_out"),
    [("", 129_600, False), ("", 129_601, True), ("  validity: 600\n", 601, True), ("  validity: 600\n", 600, False), ('  validity: "{{ order_id | length }}"\n', 900_000, False)],
)  # fmt: skip
def test_a_wait_that_outlasts_the_messages_is_pointed_out(
    world: World, message: str, seconds: int, pointed_out: bool
) -> None:
    world.project.write("hello.yaml", SPEC.replace("message:\n", f"message:\n{message}"))
    assert any("expire after" in note for note in world.scope(timeout=seconds).notes) == pointed_out


def test_nothing_accepted_is_nothing_to_wait_for(world: World) -> None:
    world.server.decide = lambda number, request: Answer(422, b'{"code": "x", "message": "no"}')
    world.send(2)
    assert world.wait().verdict == "met"
    needed = world.wait(need="0.95")
    assert (needed.verdict, needed.polls, needed.seconds < 1) == ("failed", 0, True)


def test_older_messages_and_ones_that_no_list_shows_are_asked_for_singly_at_most_twenty_a_look(world: World) -> None:
    world.send(30)
    world.api.hidden = lambda number: number < 25
    world.timer.wall_at_zero += 3_600.0  # an hour later, a list has to show them
    waited = world.wait(timeout=0)
    first = world.api.singles
    assert (world.api.lists, counts(waited)[0]) == (1, 5 + first)
    assert 15 <= first <= 20
    world.timer.wall_at_zero += 8 * 86_400.0
    rest = world.wait(timeout=0)
    assert (world.api.lists, world.api.singles, counts(rest)) == (1, 25, (30, 0, 0, 0))


def test_what_is_older_than_the_list_is_never_looked_up_in_it(world: World) -> None:
    world.send(30)
    world.timer.wall_at_zero += 8 * 86_400.0
    waited = world.wait(timeout=0)
    assert (world.api.lists, world.api.singles, counts(waited)) == (0, 20, (20, 0, 0, 10))


def test_of_many_stragglers_each_has_its_turn() -> None:
    random = Random(1).random
    asked: set[bytes] = set()
    for _ in range(300):
        undecided = UndecidedMessages(START, random)
        for number in range(200):
            undecided.add(SentMessage(number.to_bytes(16), "x", START - 8 * 86_400, Route("w", "c")), None)
        undecided.add(SentMessage(bytes(16), "x", START, None), None)
        (channel,) = undecided.channels()
        assert (len(channel.stragglers), channel.recent, undecided.unrouted) == (20, 0, 1)
        asked.update(message.id for message in channel.stragglers)
    assert len(asked) == 200


def test_a_run_that_is_still_sending_is_waited_for(world: World) -> None:
    """Its lock is held by another process, and the first messages are delivered already."""
    config = (world.project.folder / "sendspec.yaml").read_text()
    world.project.write("sendspec.yaml", config.replace("timeout: 2", "timeout: 60"))
    world.project.write("hello.yaml", SPEC)
    world.project.write("people.csv", numbers(4))
    world.server.decide = lambda number, request: Answer(hang=number == 3)
    running = world.project.started("send", "hello.yaml", "--env", "test", "--yes", "-q")
    until(lambda: len(world.server.posts) >= 3)
    try:
        waited = world.wait(timeout=3)
        assert waited.verdict == "undecided"
        assert any(send.status.under_way is not None for send in waited.sends)
    finally:
        world.server.released.set()
        running.wait(60)


@pytest.mark.parametrize("until_final", [False, True])
def test_a_process_that_holds_the_ledger_may_be_about_to_send(world: World, until_final: bool) -> None:
    """Its end moves no message, and is noticed all the same."""
    world.project.write("hello.yaml", SPEC)
    with ExitStack() as held:
        held.enter_context(ledger_to_write(world.context))
        assert world.wait(timeout=3, until_final=until_final).verdict == "undecided"

        def end(seconds: float) -> None:
            if world.timer.now > 1_020:
                held.close()

        world.timer.on_sleep = end
        waited = world.wait(timeout=60, until_final=until_final)
    assert (waited.verdict, waited.polls, 10 < waited.seconds < 40) == ("met", 0, True)


@pytest.mark.long  # tests/ledger/conformance has every store with the same calls
def test_a_ledger_on_a_server_is_waited_for_too(shared: ProjectDir, server: CountingServer) -> None:
    assert shared.run("send", "hello.yaml", "--env", "test", "--yes", "-q").code == 0
    pages: list[list[dict[str, Any]]] = [
        [{**each, "status": status} for each in server.taken] for status in ("sent", "delivered")
    ]
    server.listing = lambda request: CountingServer.page(pages.pop(0))
    waited = shared.run("wait", "hello.yaml", "--env", "test", "--format", "json")
    assert (waited.code, waited.json["delivery"]["delivered"], waited.json["polls"]) == (0, 40, 2)
    kept = shared.run("status", "--env", "test", "--delivery", "--format", "json").json
    assert kept["by_status"] == {"delivered": 40}
