"""Commands run in forks of a process that has everything imported: starting one costs milliseconds, not a third of a second.

A fork gets its own working directory, environment and standard streams, and ends as a command's process does. Run as a program,
this is that process: it takes orders on the socket that its first argument numbers.
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
from pathlib import Path
from typing import IO

MAX_ORDER = 1 << 20
CHECKOUT = Path(__file__).resolve().parents[2]
LONE = ("PYTHON", "LC_", "LANG", "TMPDIR", "HOME", "TERM")
"""Beginnings of variables that a process reads as it starts: with others than this process has, a command gets one of its own."""


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether a fork of a process with this process's environment does as well as a new one."""
    return all(not name.startswith(LONE) or os.environ.get(name) == value for name, value in environ.items())


class WarmProcess:
    """One process to fork from. Belongs to the thread that made it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()

    def run(
        self,
        arguments: list[str],
        folder: Path,
        environ: Mapping[str, str],
        stdin: str,
        timeout: float,
        started: Callable[[int], None] = lambda pid: None,
    ) -> tuple[int, str, str]:
        """The exit code, the output and the errors. Raises `subprocess.TimeoutExpired`, with the command killed.

        `started` is told the process's id. A process that a signal ended has the signal's number, negative, as its code.
        """
        order = {"arguments": arguments, "folder": str(folder), "environ": dict(environ)}
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin.encode(errors="surrogateescape"))
            given.seek(0)
            streams = array.array("i", [given.fileno(), out.fileno(), err.fileno()])
            socket.send_fds(self._socket, [json.dumps(order).encode()], list(streams))
            pid = int(self._answer(60))
            started(pid)
            try:
                code = int(self._answer(timeout))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._answer(60)
                raise subprocess.TimeoutExpired(arguments, timeout, _all(out), _all(err)) from None
            return code, _all(out), _all(err)

    def __del__(self) -> None:
        self._socket.close()
        self._process.wait(10)

    def _answer(self, seconds: float) -> bytes:
        self._socket.settimeout(seconds)
        answer = self._socket.recv(64)
        if not answer:
            raise RuntimeError("the process that commands are forked from is gone")
        return answer


def _all(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


_own = threading.local()


def run_warm(
    arguments: list[str],
    folder: Path,
    environ: Mapping[str, str],
    stdin: str,
    timeout: float,
    started: Callable[[int], None] = lambda pid: None,
) -> tuple[int, str, str]:
    """Runs a command in a fork of this thread's own process."""
    if not hasattr(_own, "process"):
        _own.process = WarmProcess()
    found: tuple[int, str, str] = _own.process.run(arguments, folder, environ, stdin, timeout, started)
    return found


def _serve(connection: socket.socket) -> None:
    from importlib import import_module

    from sendspec.cli.main import COMMANDS

    for name in COMMANDS:
        import_module(f"sendspec.cli.{name}")
    import_module("sendspec.operations.send")
    import_module("sendspec.composing.compiled")
    import_module("sendspec.sandbox.server")
    import_module("phonenumbers")
    check = import_module("sendspec.operations.python_api").check
    check([CHECKOUT / "specs" / "order-shipped.yaml"], environ={})  # what is loaded and compiled once for all specs
    while True:
        order, streams, _, _ = socket.recv_fds(connection, MAX_ORDER, 3)
        if not order:
            return
        pid = os.fork()
        if pid == 0:
            connection.close()
            _become(json.loads(order), streams)
        for stream in streams:
            os.close(stream)
        connection.sendall(str(pid).encode())
        status = os.waitpid(pid, 0)[1]
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(order: dict[str, object], streams: list[int]) -> None:
    code = 70
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(str(order["folder"]))
        os.environ.clear()
        os.environ.update(order["environ"])  # type: ignore[call-overload]
        arguments = order["arguments"]
        assert isinstance(arguments, list)
        sys.argv = ["sendspec", *arguments]
        from sendspec.cli.main import main

        main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for written in (sys.stdout, sys.stderr):
            try:
                written.flush()
            except (OSError, ValueError):
                code = code or 120
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
