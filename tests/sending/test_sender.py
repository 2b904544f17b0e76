"""A sender that breaks: the run ends, and only what may have left is in doubt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sendspec.planning.message_state import State

PATIENCE = 20.0
"""Seconds that a test waits for an event."""


def remembered(helpers: Any, ledgers: list[Any]) -> Callable[[Sequence[bytes]], Any]:
    """Makes ledgers and remembers them, for runs that end with an exception."""

    def ledger_of(ids: Sequence[bytes]) -> Any:
        ledgers.append(helpers.MemoryLedger(ids))
        return ledgers[-1]

    return ledger_of


def breaking(helpers: Any, at: int) -> Any:
    """A clock that works for the loop and raises in a sender that reads it for the `at`th time."""
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

    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
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
    with helpers.SelfStopping() as stop, helpers.raw_server(helpers.answering(decide)) as server:
        sending = helpers.Sending(
            server.port, count=40, stop=stop, clock=replace(helpers.CLOCK, monotonic=monotonic),
            ledger_of=remembered(helpers, ledgers), settings={"timeout": 60.0},
        )  # fmt: skip
        with pytest.raises(ArithmeticError):
            sending.run()
    found = {state: {i for i, one in ledgers[0].state.items() if one is state} for state in State}
    assert found[State.SENDING] == set()
    assert found[State.ACCEPTED] | found[State.IN_DOUBT] >= answered
    assert len(found[State.ACCEPTED]) >= 2  # the one that broke may be one of the three that waited
    assert len(found[State.IN_DOUBT]) <= 1


def test_a_sender_that_breaks_before_it_has_a_message_ends_the_run(helpers: Any) -> None:
    ledgers: list[Any] = []

    def peer_allowed(peer: str) -> bool:
        raise ArithmeticError("nobody foresaw this")

    with (
        helpers.SelfStopping() as stop,
        helpers.raw_server(helpers.answering(lambda n, r: helpers.accepted(r))) as server,
    ):
        sending = helpers.Sending(
            server.port, count=3, stop=stop, peer_allowed=peer_allowed, ledger_of=remembered(helpers, ledgers)
        )
        with pytest.raises(ArithmeticError):
            sending.run()
    assert ledgers[0].count(State.PLANNED) == 3
    assert ledgers[0].exchanges == 0
