"""What a run reports while it goes on."""

from __future__ import annotations

import signal
import threading
from typing import Any

from sendspec.sending.run import Pause, RunProgress, Stop


def test_a_run_reports_before_its_first_answer_and_while_it_waits_for_one(helpers: Any) -> None:
    """Nothing else happens meanwhile: the server answers once three reports of a message in flight have come."""
    seen: list[RunProgress] = []
    waited = threading.Event()

    def watch(progress: RunProgress) -> None:
        seen.append(progress)
        if [each.in_flight for each in seen].count(1) >= 3:
            waited.set()

    def decide(n: int, request: bytes) -> bytes:
        assert waited.wait(20)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server:
        helpers.Sending(server.port, watch=watch).run()
    assert (seen[0].accepted, seen[0].in_flight, seen[0].pause) == (0, 0, None)
    assert (seen[-1].accepted, seen[-1].in_flight) == (1, 0)


def test_a_pause_is_named_and_its_end_comes_nearer(helpers: Any) -> None:
    seen: list[RunProgress] = []
    script = helpers.answering(
        lambda n, request: helpers.http(429, b"{}", "Retry-After: 1") if n == 1 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        helpers.Sending(server.port, count=3, watch=seen.append, settings={"concurrency": 1}).run()
    pauses = [each.pause for each in seen if each.pause is not None]
    assert {pause.why for pause in pauses} == {"429"}
    seconds = [pause.seconds for pause in pauses if pause.seconds is not None]
    assert len(seconds) >= 2
    assert seconds == sorted(seconds, reverse=True)
    assert seen[-1].pause is None


def test_a_look_up_of_doubts_is_a_pause_whose_length_nobody_knows(helpers: Any) -> None:
    seen: list[RunProgress] = []
    script = helpers.answering(lambda n, request: helpers.http(500) if n <= 5 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        helpers.Sending(server.port, count=9, watch=seen.append, settings={"concurrency": 1}).run()
    assert Pause("looking up what is in doubt", None) in [each.pause for each in seen]


def test_a_run_that_is_asked_to_stop_tells_how_many_answers_it_waits_for(helpers: Any) -> None:
    stop, seen = Stop(), list[RunProgress]()
    together = threading.Barrier(4)
    reported = threading.Event()

    def watch(progress: RunProgress) -> None:
        seen.append(progress)
        if progress.stopping:
            reported.set()

    def decide(n: int, request: bytes) -> bytes:
        if together.wait(20) == 0:
            stop.ask(signal.SIGINT)
        assert reported.wait(20)
        return bytes(helpers.accepted(request))

    with helpers.raw_server(helpers.answering(decide)) as server:
        result, _ = helpers.Sending(server.port, count=50, stop=stop, watch=watch).run()
    first = next(each for each in seen if each.stopping)
    assert (first.in_flight, first.accepted) == (4, 0)
    assert result.accepted == 4
