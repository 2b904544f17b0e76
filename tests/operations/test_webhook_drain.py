"""What is spooled leaves the spool once it is stored, and not before; what stands in the way is told once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.operations.webhook_drain import Drain
from sendspec.operations.webhook_spool import Spool, open_spool

SECONDS = 20


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = open_spool(tmp_path, "test")
    yield opened
    opened.close()


class Stored:
    """A store that fails as often as it is told to."""

    def __init__(self, spool: Spool, *failures: Exception) -> None:
        self.lines: list[bytes] = []
        self.calls = 0
        self.is_empty = threading.Event()
        self._spool, self._failures = spool, list(failures)

    def __call__(self, lines: Sequence[bytes]) -> None:
        self.calls += 1
        assert lines == self._spool.read().lines
        if self._failures:
            raise self._failures.pop(0)
        self.lines += lines
        if not self._failures:
            self.is_empty.set()


def drained(spool: Spool, stored: Stored, failed: Callable[[], None] = lambda: None) -> tuple[Drain, list[str]]:
    told: list[str] = []
    drain = Drain(spool, stored, told.append, failed, pauses=(0.0,))
    drain.start()
    return drain, told


def test_a_problem_is_told_once_until_it_is_over(spool: Spool) -> None:
    spool.append(b"one\n")
    full, busy = LedgerUnwritable("it is full", "free some space"), OSError(5, "x")
    stored = Stored(spool, full, full, full, busy, busy)
    drain, told = drained(spool, stored)
    assert stored.is_empty.wait(SECONDS)
    drain.end()
    assert stored.lines == [b"one"]
    assert [words.partition(": ")[2] for words in told] == ["it is full; free some space", "input/output error"]
    assert spool.read().lines == []


def test_what_arrives_is_stored_when_it_is_woken_and_the_rest_at_the_end(spool: Spool) -> None:
    stored = Stored(spool)
    drain, told = drained(spool, stored)
    assert stored.is_empty.wait(SECONDS)
    stored.is_empty.clear()
    spool.append(b"one\n")
    drain.wake()
    assert stored.is_empty.wait(SECONDS)
    spool.append(b"two\n")
    drain.end()
    assert (stored.lines, told) == ([b"one", b"two"], [])
    assert spool.read().lines == []


def test_a_bug_ends_it_and_is_told_and_the_lines_stay(spool: Spool) -> None:
    spool.append(b"one\n")
    failed = threading.Event()
    drain, told = drained(spool, Stored(spool, KeyError("a bug")), failed.set)
    assert failed.wait(SECONDS)
    drain.end()
    assert isinstance(drain.failure, KeyError)
    assert (told, spool.read().lines) == ([], [b"one"])
