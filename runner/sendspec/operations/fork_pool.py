"""Forks of this process that work on blocks of rows and return results in order. None of them outlives its parent."""

from __future__ import annotations

import ctypes
import fcntl
import marshal
import os
import signal
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, NoReturn

AHEAD_BYTES = 1 << 20
"""How far a process may run ahead: about 15,000 rows."""
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2): the signal that a process gets when its parent is gone."""
_LENGTH = struct.Struct("<I")


class Worker:
    """Another process, and the stream of its results."""

    def __init__(self, pid: int, stream: BinaryIO) -> None:
        self.pid = pid
        self.stream = stream
        self._lost = False

    def next(self, fits: Callable[[Any], bool]) -> Any | None:
        """The result of its next block; None once it has stopped returning results, or returned one that doesn't fit."""
        if not self._lost:
            head = self.stream.read(_LENGTH.size)
            if len(head) == _LENGTH.size:
                (length,) = _LENGTH.unpack(head)
                body = self.stream.read(length)
                if len(body) == length and fits(found := marshal.loads(body)):  # from our own fork
                    return found
            self._lost = True
        return None


@contextmanager
def workers_at(count: int, work: Callable[[int], Iterator[Any]]) -> Iterator[list[Worker]]:
    """`count` processes at work until the block ends; none if not all of them can be started.

    A process with other threads is not forked: a thread's lock would stay locked in the fork.
    """
    workers: list[Worker] = []
    try:
        try:
            for turn in range(1, count + 1) if threading.active_count() == 1 else ():
                _start(turn, workers, work)
        except OSError:
            _end(workers)
        yield workers
    finally:
        _end(workers)


def _end(workers: list[Worker]) -> None:
    while workers:
        worker = workers.pop()
        worker.stream.close()
        os.kill(worker.pid, signal.SIGKILL)
        os.waitpid(worker.pid, 0)


def _start(turn: int, workers: list[Worker], work: Callable[[int], Iterator[Any]]) -> None:
    """Starts one process, which ends with this one. Interrupts are blocked until both processes know their role."""
    reading, writing = os.pipe()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        pid = os.fork()
        if pid == 0:
            try:
                _die_with(parent)
            finally:  # the child must never return into the parent's code
                _run_child(writing, [reading, *(worker.stream.fileno() for worker in workers)], lambda: work(turn))
        workers.append(Worker(pid, os.fdopen(reading, "rb")))
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
    with suppress(OSError, AttributeError):
        fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, AHEAD_BYTES)


def _die_with(parent: int) -> None:
    """Has the kernel kill this process when `parent` is gone, however it ended, even if this process is stopped.

    Linux only; elsewhere the process ends at the next block that nobody reads. The parent keeps the run lock either way: see
    `sendspec.ledger.held_lock`.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _run_child(writing: int, others: Sequence[int], work: Callable[[], Iterator[Any]]) -> NoReturn:
    """Runs in the child: writes the results of `work`, and exits at the end or when nobody reads them any more."""
    try:
        for number in _INTERRUPTS:  # the parent decides
            signal.signal(number, signal.SIG_IGN)
        for descriptor in others:
            os.close(descriptor)
        with os.fdopen(writing, "wb") as stream:
            for block in work():
                body = marshal.dumps(block)
                stream.write(_LENGTH.pack(len(body)) + body)
                stream.flush()
    finally:
        os._exit(0)
