"""The senders of a run: never more than allowed, and fewer where threads are short."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import Any

import pytest
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.sent_texts import SentTexts
from sendspec.sending.connection import Connection
from sendspec.sending.credited_ids import CreditedIds
from sendspec.sending.run import Settings, Stop
from sendspec.sending.sender import Quit, Sender, SenderDown
from sendspec.sending.sender_pool import SenderPool

PATIENCE = 20.0
"""Seconds that a test waits for an event."""


def pool_of(helpers: Any, threads: int) -> tuple[SenderPool, SimpleQueue[Any]]:
    """A pool of up to six senders, of which only `threads` can start: a thread that has run can't start again."""
    events: SimpleQueue[Any] = SimpleQueue()
    endpoint = Endpoint(
        scheme="http", host="127.0.0.1", port=9, authority="127.0.0.1:9", path=helpers.PATH,
        authorization="AccessKey canary", peer_allowed=lambda peer: False,
    )  # fmt: skip
    settings = Settings(concurrency=6, per_second=None, timeout=1.0, trust_503=False, failure_rate=None, expected=6)
    made: list[Sender] = []

    def hire() -> Sender:
        connection = Connection(endpoint, None, time.monotonic)
        known = CreditedIds(), SentTexts()
        made.append(Sender(connection, settings, helpers.CLOCK, Stop(), events, threading.Event(), *known))
        if len(made) > threads:
            made[-1].orders.put(Quit())
            made[-1].thread.start()
            made[-1].thread.join(PATIENCE)
            while not events.empty():
                events.get()
        return made[-1]

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


def test_a_pool_never_has_more_senders_than_it_may(helpers: Any) -> None:
    pool, events = pool_of(helpers, threads=9)
    pool.spawn(4)
    pool.spawn(4)
    pool.spawn(4)
    assert pool.size == 6
    downs = [events.get(timeout=PATIENCE) for _ in range(6)]
    assert {type(event) for event in downs} == {SenderDown}
    pool.mark_down(downs[0].sender, "refused")
    retry_at = pool.reconnect_at
    pool.mark_down(downs[1].sender, "refused")
    assert pool.reconnect_at == retry_at  # they try again together
    assert (pool.ready, pool.down) == (0, 2)
    assert pool.pause is None  # four may still connect
    for event in downs[2:]:
        pool.mark_down(event.sender, "no route")
    assert [getattr(pool.pause, name) for name in ("why", "seconds")] == ["no route", pytest.approx(0.25, abs=0.25)]
    pool.stop()
