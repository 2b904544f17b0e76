"""The loop and what it is made of: many events at once, another try, a sender that breaks, a ledger that fails, too few threads."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable, SuppressUnreadable
from sendspec.ledger.record import Exchanged
from sendspec.planning.decide import Skip
from sendspec.planning.message_state import State
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.outcome import Accepted, InDoubt, NotSent, Outcome, Refused
from sendspec.provider.sent_texts import SentTexts
from sendspec.sending import loop
from sendspec.sending.backlog import Backlog
from sendspec.sending.connection import Connection
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.ending import Finished, Interrupted, SuppressLost, TooManyDoubts, Unreachable
from sendspec.sending.loop import MAX_DRAINED
from sendspec.sending.run import AttemptResult, Sendable, Settings, Stop
from sendspec.sending.sender import Quit, Sender, SenderDown
from sendspec.sending.sender_pool import SenderPool
from sendspec.sending.tally import MAX_CAUSES, Tally

PATIENCE = 20.0
"""Seconds that a test waits for what has to come."""


class Ending(Stop):
    """Asks for itself to stop when a run doesn't end; tells how the loop is woken."""

    def __init__(self) -> None:
        super().__init__()
        self.wake: Callable[[], None] = lambda: None
        self._timer = threading.Timer(PATIENCE, self._give_up)

    def wakes(self, wake: Callable[[], None]) -> None:
        super().wakes(wake)
        self.wake = wake

    def _give_up(self) -> None:
        self.ask(signal.SIGALRM)
        self.ask(signal.SIGALRM)

    def __enter__(self) -> Ending:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_more_events_than_are_taken_at_once_none_is_lost(helpers: Any) -> None:
    """An answer that stands behind as many other events as the loop takes at once is taken in the next round."""
    asked, answer, back = threading.Event(), threading.Event(), threading.Event()
    peers = iter([lambda: True, lambda: asked.wait(PATIENCE), lambda: back.set() or True])

    def decide(n: int, request: bytes) -> bytes:
        if n > 1:
            return bytes(helpers.accepted(request))
        asked.set()
        answer.wait(PATIENCE)
        return bytes(helpers.accepted(request)).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    class Busy(helpers.MemoryLedger):  # type: ignore[misc,name-defined]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            if self.exchanges == 2:  # the second sender has its first message, and the queue of events is empty
                for _ in range(MAX_DRAINED):
                    stop.wake()
                answer.set()
                back.wait(PATIENCE)  # the first sender connects again: its answer is in the queue
            return exchanged

    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(
            server.port, count=2, stop=stop, ledger_of=Busy, settings={"concurrency": 2, "timeout": 60.0},
            peer_allowed=lambda peer: next(peers, lambda: True)(),
        )  # fmt: skip
        result, _ = sending.run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.in_doubt) == (2, 0)


def test_with_as_many_senders_as_may_be_every_answer_is_counted(helpers: Any) -> None:
    together = threading.Barrier(256)

    def decide(n: int, request: bytes) -> bytes:
        if n <= 256:
            together.wait(PATIENCE)
        return bytes(helpers.accepted(request))

    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 256, "timeout": 60.0}
        result, _ = helpers.Sending(server.port, count=600, stop=stop, settings=settings).run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.requests) == (600, 600)


def test_where_answers_take_longer_than_was_guessed_more_senders_are_hired(helpers: Any) -> None:
    """At 10 requests a second four connections would do for answers of 0.2 seconds; these wait for six requests."""
    six = threading.Barrier(6)

    def decide(n: int, request: bytes) -> bytes:
        if n <= 6:
            six.wait(PATIENCE)
        return bytes(helpers.accepted(request))

    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 8, "per_second": 10.0, "timeout": 60.0}
        result, _ = helpers.Sending(server.port, count=10, stop=stop, settings=settings).run()
        assert server.connections >= 6
    assert isinstance(result.ending, Finished)
    assert result.accepted == 10


@pytest.fixture
def hired(monkeypatch: pytest.MonkeyPatch) -> list[Sender]:
    """Every sender that a loop takes on."""
    found: list[Sender] = []

    def hire(*arguments: Any) -> Sender:
        found.append(Sender(*arguments))
        return found[-1]

    monkeypatch.setattr(loop, "Sender", hire)
    return found


def test_while_senders_still_connect_no_more_are_hired(helpers: Any, hired: list[Sender]) -> None:
    """At 10 requests a second four are enough for answers that come at once, however long connecting takes."""
    connecting = threading.Barrier(4)

    def allow(peer: str) -> bool:
        for _ in range(50):
            stop.wake()
        connecting.wait(PATIENCE)
        return True

    answering = helpers.answering(lambda n, request: helpers.accepted(request))
    with Ending() as stop, helpers.raw_server(answering) as server:
        settings = {"concurrency": 8, "per_second": 10.0, "timeout": 60.0}
        result, _ = helpers.Sending(server.port, count=4, stop=stop, settings=settings, peer_allowed=allow).run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, len(hired)) == (4, 4)


def test_while_the_api_can_not_be_reached_no_more_are_hired(helpers: Any, hired: list[Sender]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    settings = {"concurrency": 8, "per_second": 10.0, "patience": 0.5}
    result, _ = helpers.Sending(port, count=10, settings=settings).run()
    assert isinstance(result.ending, Unreachable)
    assert (result.requests, len(hired)) == (0, 4)


def test_when_the_run_is_over_nothing_is_looked_up_any_more(helpers: Any) -> None:
    stop = Stop()
    looks: list[int] = []

    def decide(n: int, request: bytes) -> bytes:
        stop.ask(signal.SIGTERM)
        return bytes(helpers.http(200, b"<html>"))

    with helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(
            server.port, count=5, stop=stop, settings={"concurrency": 1}, look_up=lambda ledger: looks.append(1) or ()
        )
        result, ledger = sending.run()
    assert result.ending == Interrupted(signal.SIGTERM)
    assert looks == []
    assert (result.in_doubt, ledger.count(State.PLANNED)) == (1, 4)


def test_before_the_look_up_every_doubt_is_in_the_ledger(helpers: Any) -> None:
    looks: list[dict[bytes, State]] = []
    script = helpers.answering(lambda n, request: helpers.http(500) if n <= 5 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        sending = helpers.Sending(
            server.port,
            count=9,
            settings={"concurrency": 1},
            look_up=lambda ledger: looks.append(dict(ledger.state)) or (),
        )
        result, _ = sending.run()
    assert [sorted(look.values()) for look in looks] == [[State.IN_DOUBT] * 5 + [State.PLANNED] * 4]
    assert (result.in_doubt, result.accepted) == (5, 4)


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_whose_time_is_over_when_it_could_begin_is_not_sent_late(helpers: Any) -> None:
    late = [0.0]

    class Slow(helpers.MemoryLedger):  # type: ignore[misc,name-defined]
        def exchange(self, **more: Any) -> Exchanged:
            if self.exchanges == 0:
                late[0] += 60.0  # the claim takes a minute
            return super().exchange(**more)  # type: ignore[no-any-return]

    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])
    with Ending() as stop, helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server:
        sending = helpers.Sending(server.port, stop=stop, clock=clock, ledger_of=Slow, settings={"timeout": 50.0})
        result, ledger = sending.run()
    assert [(s.to, s.evidence) for s in ledger.settled] == [
        (State.PLANNED, "its time was over before it could begin"),
        (State.ACCEPTED, None),
    ]
    assert (result.accepted, result.requests) == (1, 1)


def slow_disk(helpers: Any, late: list[float], seconds: Callable[[int], float]) -> Any:
    """Makes ledgers whose nth exchange (from 1) takes `seconds(n)`: so much is added to `late`."""

    class Slow(helpers.MemoryLedger):  # type: ignore[misc,name-defined]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            late[0] += seconds(self.exchanges)
            return exchanged

    return Slow


@pytest.mark.parametrize("more", [{}, {"per_second": 50.0}, {"batch": 3}, {"batch": 3, "per_second": 50.0}])
def test_where_every_commit_takes_longer_than_the_timeout_all_is_sent(helpers: Any, more: dict[str, Any]) -> None:
    """A message's time begins once its claim is on the disk; the first commit is not yet known to be a usual one."""
    late = [0.0]
    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])

    def accept(n: int, request: bytes) -> bytes:
        if "batch" not in more:
            return bytes(helpers.accepted(request))
        asked = json.loads(request.partition(b"\r\n\r\n")[2])["messageRequests"]
        return bytes(helpers.http(202, json.dumps({"messages": [{"id": one["reference"]} for one in asked]}).encode()))

    with Ending() as stop, helpers.raw_server(helpers.answering(accept)) as server:
        sending = helpers.Sending(
            server.port, count=30, stop=stop, clock=clock, ledger_of=slow_disk(helpers, late, lambda n: 60.0),
            settings={"timeout": 50.0, "concurrency": 1, **more},
        )  # fmt: skip
        result, ledger = sending.run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, result.in_doubt) == (30, 0)
    assert max(ledger.attempt.values()) <= 2
    assert {s.evidence for s in ledger.settled if s.to is State.PLANNED} <= {"its time was over before it could begin"}


@pytest.mark.parametrize("more", [{}, {"per_second": 50.0}])
@pytest.mark.parametrize("nth", [1, 4])
def test_a_stop_after_one_claim_for_longer_than_the_timeout_sends_nothing_late(
    helpers: Any, nth: int, more: dict[str, Any]
) -> None:
    late = [0.0]
    held: list[set[bytes]] = []
    sent: list[tuple[bytes, int]] = []

    class Stopped(helpers.MemoryLedger):  # type: ignore[misc,name-defined]
        def exchange(self, **more: Any) -> Exchanged:
            exchanged: Exchanged = super().exchange(**more)
            if exchanged.won and not held and self.exchanges >= nth:
                held.append(set(exchanged.won))
                late[0] += 60.0
            ledgers.append(self)
            return exchanged

    ledgers: list[Any] = []

    def accept(n: int, request: bytes) -> bytes:
        identity = bytes.fromhex(helpers.reference_of(request)[1:])
        sent.append((identity, ledgers[-1].attempt[identity]))
        return bytes(helpers.accepted(request))

    clock = replace(helpers.CLOCK, monotonic=lambda: time.monotonic() + late[0])
    with Ending() as stop, helpers.raw_server(helpers.answering(accept)) as server:
        settings = {"timeout": 50.0, "concurrency": 1, **more}
        sending = helpers.Sending(
            server.port, count=30, stop=stop, clock=clock, ledger_of=Stopped, settings=settings
        )  # fmt: skip
        result, _ = sending.run()
    assert result.accepted == 30
    assert held
    assert all(attempt == 2 for identity, attempt in sent if identity in held[0])
    assert len(sent) == 30


# ── another try ──────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting(helpers: Any, count: int, expected: int) -> tuple[Backlog, list[Any]]:
    """A backlog whose messages had their first turn, and those messages."""
    backlog = Backlog((helpers.message(n) for n in range(count)), expected)
    taken = backlog.take(0.0, count + 1)
    assert backlog.exhausted
    return backlog, taken


@pytest.mark.parametrize(("expected", "tries"), [(1, 20), (200, 20), (300, 30)])
def test_a_run_has_a_tenth_of_its_messages_as_tries_and_no_fewer_than_twenty(
    helpers: Any, expected: int, tries: int
) -> None:
    backlog, messages = waiting(helpers, 40, expected)
    for message in messages:
        backlog.retry([message], 429, 5.0, counts=True)
    assert backlog.take(4.9, 99) == []
    assert backlog.again_at == 5.0
    assert backlog.take(5.0, 99) == messages[:tries]
    assert backlog.empty


def test_a_request_is_one_try_and_one_that_does_not_count_is_none(helpers: Any) -> None:
    backlog, messages = waiting(helpers, 40, 1)
    for _ in range(3):
        backlog.retry(messages, 429, 5.0, counts=False)
        assert backlog.take(5.0, 99) == messages
    for _ in range(4):
        backlog.retry(messages, 429, 5.0, counts=True)
        assert backlog.take(5.0, 99) == messages
    backlog.retry(messages, 429, 5.0, counts=True)  # the eighth of each
    assert backlog.empty


@pytest.mark.parametrize(("status", "tries"), [(421, 2), (425, 2), (429, 8), (503, 8)])
def test_how_often_a_message_is_tried_depends_on_the_answer(helpers: Any, status: int, tries: int) -> None:
    backlog, messages = waiting(helpers, 1, 1)
    for _ in range(tries - 1):
        backlog.retry(messages, status, 5.0, counts=True)
        assert backlog.take(5.0, 1) == messages
    backlog.retry(messages, status, 5.0, counts=True)
    assert backlog.empty


def test_a_burst_of_throttled_requests_beyond_the_budget_is_left_for_the_next_run(helpers: Any) -> None:
    together = threading.Barrier(32)

    def decide(n: int, request: bytes) -> bytes:
        if n > 32:
            return bytes(helpers.accepted(request))
        together.wait(PATIENCE)
        return bytes(helpers.http(429, b"{}", "Retry-After: 0"))

    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        settings = {"concurrency": 32, "timeout": 60.0}
        result, ledger = helpers.Sending(server.port, count=32, stop=stop, settings=settings).run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, ledger.count(State.PLANNED)) == (20, 12)


def test_what_only_asks_whether_the_api_takes_more_costs_the_run_nothing(helpers: Any) -> None:
    """Each of three messages is accepted at its eighth try: 21 are throttled, and the budget of this run is 20."""
    tries: dict[str, int] = {}

    def decide(n: int, request: bytes) -> bytes:
        reference = helpers.reference_of(request)
        tries[reference] = tries.get(reference, 0) + 1
        return bytes(helpers.accepted(request) if tries[reference] == 8 else helpers.http(429, b"{}", "Retry-After: 0"))

    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(server.port, count=3, stop=stop, settings={"concurrency": 1})
        result, _ = sending.run()
    assert (result.accepted, result.requests) == (3, 24)


# ── a sender that breaks ─────────────────────────────────────────────────────────────────────────────────────────────


def remembered(helpers: Any, ledgers: list[Any]) -> Callable[[Sequence[bytes]], Any]:
    """Makes ledgers and keeps them, for runs that end with an exception."""

    def ledger_of(ids: Sequence[bytes]) -> Any:
        ledgers.append(helpers.MemoryLedger(ids))
        return ledgers[-1]

    return ledger_of


def breaking(helpers: Any, at: int) -> Any:
    """A clock that works for the loop, and breaks the sender that looks at it for the `at`th time."""
    loop = threading.current_thread()
    looks: dict[threading.Thread, int] = {}

    def monotonic() -> float:
        thread = threading.current_thread()
        if thread is not loop:
            looks[thread] = looks.get(thread, 0) + 1
            if looks[thread] == at:
                raise ArithmeticError("nobody foresaw this")
        return time.monotonic()

    return replace(helpers.CLOCK, monotonic=monotonic)


@pytest.mark.parametrize(("at", "left"), [(1, False), (2, False), (3, False), (4, True)])
def test_a_sender_that_breaks_ends_the_run_and_leaves_in_doubt_only_what_may_have_left(
    helpers: Any, at: int, left: bool
) -> None:
    ledgers: list[Any] = []
    came = threading.Event()

    def decide(n: int, request: bytes) -> bytes | None:
        came.set()
        return None

    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(
            server.port, count=3, stop=stop, clock=breaking(helpers, at), ledger_of=remembered(helpers, ledgers),
            settings={"concurrency": 1},
        )  # fmt: skip
        with pytest.raises(ArithmeticError, match="nobody foresaw this"):
            sending.run()
        assert came.wait(PATIENCE if left else 0.0) is left
    states = list(ledgers[0].state.values())
    assert states == [State.IN_DOUBT if left else State.PLANNED, State.PLANNED, State.PLANNED]
    assert [s.evidence for s in ledgers[0].settled] == [
        "sendspec broke while sending" if left else "sendspec broke before sending"
    ]


def test_when_one_sender_breaks_the_answers_to_the_others_are_still_taken(helpers: Any) -> None:
    ledgers: list[Any] = []
    broke = threading.Event()
    together = threading.Barrier(4)
    answered: set[bytes] = set()
    loop, first = threading.current_thread(), threading.Lock()

    def monotonic() -> float:
        if threading.current_thread() is not loop and together.n_waiting == 3 and first.acquire(blocking=False):
            broke.set()
            raise ArithmeticError("nobody foresaw this")
        return time.monotonic()

    def decide(n: int, request: bytes) -> bytes:
        if n <= 3:
            together.wait(PATIENCE)
        answered.add(bytes.fromhex(helpers.reference_of(request)[1:]))
        return bytes(helpers.accepted(request))

    def let_go() -> None:
        broke.wait(PATIENCE)
        together.wait(PATIENCE)

    threading.Thread(target=let_go, daemon=True).start()
    with Ending() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(
            server.port, count=40, stop=stop, clock=replace(helpers.CLOCK, monotonic=monotonic),
            ledger_of=remembered(helpers, ledgers), settings={"timeout": 60.0},
        )  # fmt: skip
        with pytest.raises(ArithmeticError):
            sending.run()
    found = {state: {i for i, one in ledgers[0].state.items() if one is state} for state in State}
    assert found[State.SENDING] == set()
    assert found[State.ACCEPTED] | found[State.IN_DOUBT] >= answered
    assert len(found[State.ACCEPTED]) >= 3
    assert len(found[State.IN_DOUBT]) <= 1


def test_a_sender_that_breaks_before_it_has_a_message_ends_the_run(helpers: Any) -> None:
    ledgers: list[Any] = []

    def peer_allowed(peer: str) -> bool:
        raise ArithmeticError("nobody foresaw this")

    with Ending() as stop, helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server:
        sending = helpers.Sending(
            server.port, count=3, stop=stop, peer_allowed=peer_allowed, ledger_of=remembered(helpers, ledgers)
        )
        with pytest.raises(ArithmeticError):
            sending.run()
    assert ledgers[0].count(State.PLANNED) == 3
    assert ledgers[0].exchanges == 0


# ── a ledger that fails ──────────────────────────────────────────────────────────────────────────────────────────────


def failing(helpers: Any, at: int, trouble: LedgerTrouble, spill: Callable[[Sequence[Any]], None]) -> Any:
    class Failing(helpers.MemoryLedger):  # type: ignore[misc,name-defined]
        def exchange(self, **more: Any) -> Exchanged:
            if self.exchanges >= at:
                raise trouble
            return super().exchange(**more)  # type: ignore[no-any-return]

        def spill(self, settlements: Sequence[Any]) -> None:
            spill(settlements)

    return Failing


def test_a_ledger_that_fails_before_anything_was_sent_is_given_nothing_to_keep(helpers: Any) -> None:
    kept: list[Any] = []
    ledger = failing(helpers, 0, LedgerDamaged("a page is damaged", "restore it"), kept.append)
    requests: list[int] = []

    def decide(n: int, request: bytes) -> bytes:
        requests.append(n)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server, pytest.raises(LedgerDamaged, match="a page"):
        helpers.Sending(server.port, count=5, ledger_of=ledger).run()
    assert kept == []
    assert requests == []


def test_where_results_can_not_be_kept_either_the_ledgers_trouble_is_told(helpers: Any) -> None:
    tried: list[int] = []

    def spill(settlements: Sequence[Any]) -> None:
        tried.append(len(settlements))
        raise OSError("no room for results either")

    ledger = failing(helpers, 1, LedgerUnwritable("the disk is full", "make room"), spill)
    with (
        helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server,
        pytest.raises(LedgerUnwritable, match="the disk is full"),
    ):
        helpers.Sending(server.port, count=5, ledger_of=ledger, settings={"concurrency": 1}).run()
    assert tried == [1]


# ── too few threads ──────────────────────────────────────────────────────────────────────────────────────────────────


def pool_of(helpers: Any, threads: int) -> tuple[SenderPool, SimpleQueue[Any]]:
    """A pool that may have six senders, of which only so many get a thread: a thread that ran before can't start again."""
    events: SimpleQueue[Any] = SimpleQueue()
    endpoint = Endpoint(
        scheme="http", host="127.0.0.1", port=9, authority="127.0.0.1:9", path=helpers.PATH,
        authorization="AccessKey canary", peer_allowed=lambda peer: False,
    )  # fmt: skip
    settings = Settings(concurrency=6, per_second=None, timeout=1.0, trust_503=False, failure_rate=None, expected=6)
    hired: list[Sender] = []

    def hire() -> Sender:
        connection = Connection(endpoint, None, time.monotonic)
        known = CreditedIds(), SentTexts()
        hired.append(Sender(connection, settings, helpers.CLOCK, Stop(), events, threading.Event(), *known))
        if len(hired) > threads:
            hired[-1].orders.put(Quit())
            hired[-1].thread.start()
            hired[-1].thread.join(PATIENCE)
            while not events.empty():
                events.get()
        return hired[-1]

    return SenderPool(hire, 6, helpers.CLOCK), events


def test_where_fewer_threads_can_be_had_than_wanted_those_do_the_work(helpers: Any) -> None:
    pool, _ = pool_of(helpers, threads=2)
    pool.spawn(5)
    assert pool.size == 2
    pool.spawn(5)
    assert pool.size == 2
    pool.stop()


def test_where_no_thread_can_be_had_at_all_it_is_said(helpers: Any) -> None:
    pool, _ = pool_of(helpers, threads=0)
    with pytest.raises(RuntimeError):
        pool.spawn(5)
    assert pool.size == 0


def test_a_crew_never_has_more_senders_than_it_may(helpers: Any) -> None:
    pool, events = pool_of(helpers, threads=9)
    pool.spawn(4)
    pool.spawn(4)
    pool.spawn(4)
    assert pool.size == 6
    downs = [events.get(timeout=PATIENCE) for _ in range(6)]
    assert {type(event) for event in downs} == {SenderDown}
    assert pool.mark_down(downs[0].sender) is not None
    assert pool.mark_down(downs[1].sender) is None  # they try again together
    assert (pool.ready, pool.down) == (0, 2)
    pool.stop()


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def counted(helpers: Any, *outcomes: Outcome) -> Tally:
    tally = Tally()
    for n, outcome in enumerate(outcomes):
        tally.count(AttemptResult(helpers.message(n), 1, outcome))
    return tally


def test_causes_are_listed_by_how_many_have_them_with_the_first_of_each(helpers: Any) -> None:
    tally = counted(helpers, Refused(422, "a"), Refused(422, "b"), Refused(422, "b"), InDoubt("c"), NotSent("d"))
    result = tally.result(Finished())
    assert [(cause.text, cause.count, int.from_bytes(cause.first)) for cause in result.refusals] == [
        ("b", 2, 1),
        ("a", 1, 0),
    ]
    assert [(cause.text, cause.count, int.from_bytes(cause.first)) for cause in result.doubts] == [("c", 1, 3)]
    assert (result.refused, result.in_doubt, result.accepted, result.requests, result.seconds) == (3, 1, 0, 0, 0.0)


def test_more_kinds_of_causes_than_are_worth_telling_count_as_others(helpers: Any) -> None:
    tally = counted(helpers, *(Refused(422, f"reason {n}") for n in range(MAX_CAUSES + 5)), Refused(422, "reason 0"))
    causes = {cause.text: cause.count for cause in tally.result(Finished()).refusals}
    assert len(causes) == MAX_CAUSES + 1
    assert causes["other reasons"] == 5
    assert causes["reason 0"] == 2


def test_what_a_look_up_found_is_taken_from_its_cause_and_what_was_never_counted_is_not(helpers: Any) -> None:
    tally = counted(helpers, InDoubt("a"), InDoubt("a"), InDoubt("b"), Accepted("id"))
    tally.found([helpers.message(0).id, helpers.message(0).id, helpers.message(2).id, b"of an earlier run"])
    result = tally.result(TooManyDoubts("a"))
    assert (result.accepted, result.in_doubt) == (3, 1)
    assert [(cause.text, cause.count, cause.first) for cause in result.doubts] == [("a", 1, helpers.message(1).id)]


# ── messages that can't be had any more ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", [0, 1, 7])
def test_where_the_messages_end_in_an_error_what_is_in_flight_is_settled_first(helpers: Any, at: int) -> None:
    ledgers: list[Any] = []

    class Kept(helpers.MemoryLedger):  # type: ignore[misc,name-defined]
        def __init__(self, ids: Sequence[bytes]) -> None:
            super().__init__(ids)
            ledgers.append(self)

    def before(n: int) -> None:
        if n == at:
            raise LedgerTrouble("the disk gives nothing back", "look at the disk")

    with Ending() as stop, helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server:
        sending = helpers.Sending(server.port, count=20, stop=stop, ledger_of=Kept, before=before)
        with pytest.raises(LedgerTrouble, match="gives nothing back"):
            sending.run()
    [ledger] = ledgers
    assert ledger.count(State.SENDING) == ledger.count(State.IN_DOUBT) == 0
    assert ledger.count(State.ACCEPTED) <= at
    assert ledger.count(State.ACCEPTED) + ledger.count(State.PLANNED) == 20


# ── who opted out meanwhile ──────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_withheld_is_not_claimed_and_counted(helpers: Any) -> None:
    with (
        Ending() as stop,
        helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server,
    ):
        barred = {helpers.message(n).id for n in (0, 3, 4)}
        sending = helpers.Sending(server.port, count=6, stop=stop, withholds=lambda message: message.id in barred)
        result, ledger = sending.run()
    assert isinstance(result.ending, Finished)
    assert (result.accepted, dict(result.lost)) == (3, {Skip.SUPPRESSED: 3})
    assert {identity for identity, attempt in ledger.attempt.items() if not attempt} == barred


def test_without_the_list_of_who_opted_out_nobody_more_is_claimed(helpers: Any) -> None:
    asked: list[bytes] = []

    def withholds(message: Sendable) -> bool:
        asked.append(message.id)
        if len(asked) == 3:
            raise SuppressUnreadable("the list is gone", "bring it back")
        return False

    with (
        Ending() as stop,
        helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as server,
    ):
        settings = {"concurrency": 1}
        sending = helpers.Sending(server.port, count=6, stop=stop, withholds=withholds, settings=settings)
        result, ledger = sending.run()
    assert result.ending == SuppressLost("the list is gone", "bring it back")
    assert (result.accepted, sum(ledger.attempt.values())) == (2, 2)
    assert len(asked) == 3
