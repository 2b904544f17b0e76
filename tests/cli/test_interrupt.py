"""A signal ends what waits for it, whichever thread takes it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from sendspec.cli.interrupt import end_on_signals

SECONDS = 30.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _start_threads(is_over: threading.Event) -> None:
    while not is_over.is_set():
        threads = [threading.Thread(target=sum, args=(range(300),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.mark.usefixtures("handlers")
def test_no_signal_is_missed_while_threads_begin_and_end() -> None:
    is_over = threading.Event()
    churning = threading.Thread(target=_start_threads, args=(is_over,))
    churning.start()
    try:
        for count in range(60):
            with end_on_signals() as end:
                timer = threading.Timer(0.01, os.kill, (os.getpid(), SIGNALS[count % 2]))
                timer.start()
                assert end.wait(SECONDS), f"signal {count} was missed"
                assert end.wait(0), "it stays asked for"
                timer.join()
    finally:
        is_over.set()
        churning.join()


@pytest.mark.usefixtures("handlers")
def test_any_thread_may_ask_for_the_end_as_often_as_it_likes() -> None:
    with end_on_signals() as end:
        assert not end.wait(0)
        assert not end.wait(0.01)

        def ask() -> None:
            for _ in range(5_000):
                end.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert end.wait(SECONDS)
        asking.join(SECONDS)
        assert not asking.is_alive()
    end.set()
