"""Commands run in forks of a process that has everything imported: starting one costs milliseconds, not a third of a second.

A fork gets its own working directory, environment and standard streams, and ends as a command's process does. One in which a command
left nothing behind runs the next command of the same file of tests as well: most of what a fork costs is the first touch of each page.
The process to fork from is `warm_server`.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

LONE = ("PYTHON", "LC_", "LANG", "HOME", "TERM")
"""Beginnings of variables that a process reads as it starts: with others than this process has, a command gets one of its own."""
SERVER = Path(__file__).with_name("warm_server.py")


@dataclass(frozen=True)
class Order:
    """A command to run. `alone`: in a process of its own; with a `script`, that is run, and has to run the command.

    `limits` are those of the process, by the names that `resource` has for them.
    """

    arguments: list[str]
    folder: str
    environ: dict[str, str]
    alone: bool = False
    script: str | None = None
    limits: dict[str, int] = field(default_factory=dict)


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether a fork of a process with this process's environment does as well as a new one."""
    return all(not name.startswith(LONE) or os.environ.get(name) == value for name, value in environ.items())


class WarmProcess:
    """One process to fork from, for all threads."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER), str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        self._own = threading.local()

    def fork(self) -> Fork:
        """A new fork, which runs one command after the other."""
        return Fork(self._socket)

    def shared_fork(self) -> Fork:
        """The fork that earlier commands of this thread and this file of tests left as it was, or a new one."""
        file = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
        shared: tuple[str, Fork] | None = getattr(self._own, "shared", None)
        if shared is None or shared[0] != file or not shared[1].is_waiting:
            self._own.shared = shared = (file, self.fork())
        return shared[1]

    def __del__(self) -> None:
        self._own = threading.local()
        self._socket.close()
        self._process.wait(10)


class Fork:
    """A process that waits for commands to run. It ends when nobody has this any more."""

    def __init__(self, warm: socket.socket) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(warm, [b"fork"], [theirs.fileno()])
        self._channel.settimeout(60)
        self.pid = int(self._received())
        self.is_waiting = True

    def begin(self, order: Order, streams: tuple[int, int, int]) -> None:
        """Hands it a command, with the descriptors of its input, output and errors."""
        self.is_waiting = False
        socket.send_fds(self._channel, [json.dumps(asdict(order)).encode()], list(array.array("i", streams)))

    def ended(self, seconds: float | None) -> int:
        """The command's exit code, once it ended; of one that a signal ended, the signal's number, negative.

        Raises `TimeoutError` or, for no seconds, `BlockingIOError`.
        """
        self._channel.settimeout(seconds)
        word, code = self._received().split()
        self.is_waiting = word == b"done"
        return int(code)

    def __del__(self) -> None:
        self._channel.close()

    def _received(self) -> bytes:
        answer = self._channel.recv(64)
        if not answer:
            raise RuntimeError("the process that commands are forked from is gone")
        return answer


class StartedCommand:
    """A command in a process of its own, as `subprocess.Popen` has it."""

    def __init__(
        self, fork: Fork, order: Order, *, stdin: str = "", stdout: int | None = None, stderr: int | None = None
    ) -> None:
        """`stdout` and `stderr` are descriptors to write to; None: to keep what is written for `communicate`."""
        self._fork, self._order, self.pid = fork, order, fork.pid
        self.returncode: int | None = None
        self._waiting = threading.Lock()
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  # `communicate` closes them
        with tempfile.TemporaryFile() as given:
            given.write(stdin.encode(errors="surrogateescape"))
            given.seek(0)
            out = self._out.fileno() if stdout is None else stdout
            err = self._err.fileno() if stderr is None else stderr
            fork.begin(order, (given.fileno(), out, err))

    def poll(self) -> int | None:
        """The exit code; None while it runs, or while another thread waits for it."""
        if self._waiting.acquire(blocking=False):
            try:
                self._wait(0)
            except subprocess.TimeoutExpired:
                pass
            finally:
                self._waiting.release()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it ended."""
        with self._waiting:
            return self._wait(timeout)

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            try:
                self.returncode = self._fork.ended(timeout)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._order.arguments, timeout or 0) from None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote, once it ended."""
        self.wait(timeout)
        with self._out, self._err:
            return _all(self._out), _all(self._err)

    def output(self) -> str:
        """What it wrote so far."""
        return os.pread(self._out.fileno(), 1 << 20, 0).decode(errors="replace")

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        self._out.close()
        self._err.close()
        if self.returncode is None:
            self.kill()


def _all(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


_starting = threading.Lock()
_started: list[WarmProcess] = []


def warm_process() -> WarmProcess:
    """The process to fork from, which the first call starts."""
    with _starting:
        if not _started:
            _started.append(WarmProcess())
        return _started[0]


def run_warm(
    order: Order, stdin: str = "", timeout: float = 60, started: Callable[[int], None] | None = None
) -> tuple[int, str, str]:
    """The exit code, the output and the errors. Raises `subprocess.TimeoutExpired`, with the command killed."""
    warm = warm_process()
    fork = warm.fork() if order.alone else warm.shared_fork()
    if started is not None:
        started(fork.pid)
    command = StartedCommand(fork, order, stdin=stdin)
    try:
        out, err = command.communicate(timeout)
    except subprocess.TimeoutExpired:
        command.kill()
        command.wait(60)
        raise
    return command.wait(), out, err
