"""The process that commands are forked from: see `warm_process`. Its argument is the number of the socket that orders forks."""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import resource
import select
import socket
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from process_state import ProcessState

MAX_ORDER = 1 << 20
CHECKOUT = Path(__file__).resolve().parents[2]


def serve(orders: socket.socket) -> None:
    """Forks for each order that comes, and tells each fork's channel its number, then how it ended."""
    warm_up()
    clean = ProcessState()
    gc.freeze()
    poll = select.poll()
    poll.register(orders, select.POLLIN)
    running: dict[int, tuple[int, int]] = {}
    while True:
        for ready, _ in poll.poll():
            if ready in running:
                pid, channel = running.pop(ready)
                poll.unregister(ready)
                os.close(ready)
                _tell(channel, b"ended %d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                os.close(channel)
                continue
            order, channels, _, _ = socket.recv_fds(orders, 16, 1)
            if not order:
                return
            [channel] = channels
            pid = os.fork()
            if pid == 0:
                os.dup2(channel, orders.fileno())
                clean.close_what_is_new()
                work(orders, clean)
            _tell(channel, b"%d" % pid)
            number = os.pidfd_open(pid)
            poll.register(number, select.POLLIN)
            running[number] = pid, channel


def warm_up() -> None:
    """Imports everything, and does once what the process of a command does for all specs."""
    for module in pkgutil.walk_packages(import_module("sendspec").__path__, "sendspec."):
        import_module(module.name)
    import_module("phonenumbers")
    check = import_module("sendspec.operations.python_api").check
    check([CHECKOUT / "specs" / "order-shipped.yaml"], environ={})
    gc.set_threshold(import_module("sendspec.__main__").GARBAGE_LOOKED_FOR)


def work(channel: socket.socket, clean: ProcessState) -> NoReturn:
    """Runs commands until one leaves something behind, or nobody has the other end of the channel any more."""
    while True:
        order, streams, _, _ = socket.recv_fds(channel, MAX_ORDER, 3)
        if not order:
            os._exit(0)
        todo = json.loads(order)
        if todo["alone"]:
            channel.close()
        code = _command(todo, streams)
        if todo["alone"] or not clean.is_restored():
            os._exit(code)
        channel.sendall(b"done %d" % code)


def _command(order: dict[str, Any], streams: list[int]) -> int:
    """The exit code of one command."""
    code = 70
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        for usual, name in ((sys.__stdin__, "stdin"), (sys.__stdout__, "stdout"), (sys.__stderr__, "stderr")):
            assert usual is not None
            anew = open(usual.fileno(), usual.mode, encoding=usual.encoding, errors=usual.errors, closefd=False)  # noqa: SIM115
            setattr(sys, name, anew)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environ"])
        tempfile.tempdir = None
        for name, limit in order["limits"].items():
            resource.setrlimit(getattr(resource, name), (limit, limit))
        _run(order["script"], order["arguments"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for written in (sys.stdout, sys.stderr):
            try:
                written.flush()
            except (OSError, ValueError):
                code = code or 120
    return code


def _run(script: str | None, arguments: list[str]) -> None:
    sys.argv = ["sendspec" if script is None else "-c", *arguments]
    if script is None:
        import_module("sendspec.cli.main").main(arguments)
    else:
        exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})


def _tell(channel: int, word: bytes) -> None:
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(channel, word)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
