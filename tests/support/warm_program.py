"""Programs for shells that start them many times: each hands its work to this process, as a new interpreter would cost far more.

A program sends its arguments, working directory and environment, and prints what it is answered. A signal ends the program alone: where
one has to reach the work, take the real one.
"""

from __future__ import annotations

import marshal
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count

from warm_process import LONE, Order, run_warm

Work = Callable[[list[str], str, Mapping[str, str]], tuple[int, bytes, bytes]]
"""Makes the exit code, the output and the errors of the arguments, the working directory and the environment."""
CLIENT = """#!{python} -IS
import _socket, marshal, posix, sys
channel = _socket.socket(_socket.AF_UNIX)
channel.connect({address!r})
sent = marshal.dumps((sys.argv[1:], posix.getcwd(), posix.environ))
channel.sendall(len(sent).to_bytes(4, "big") + sent)
pieces = []
while piece := channel.recv(1 << 16):
    pieces.append(piece)
code, out, err = marshal.loads(b"".join(pieces))
sys.stdout.buffer.write(out)
sys.stdout.flush()
sys.stderr.buffer.write(err)
sys.exit(code)
"""
"""Imports nothing that isn't built into the interpreter: that would take longer than all the rest."""
AT_ONCE = 4
SECONDS = 60
_numbers = count(1)


@cache
def warm_program() -> str:
    """The text of a program `sendspec` whose commands run in forks of the warm process, as long as this process lives."""
    return served_program(_run_sendspec)


def served_program(work: Work) -> str:
    """The text of a program that has `work` done, in threads that stay: each keeps the fork that it runs commands in."""
    address = f"\0sendspec-tests-{os.getpid()}-{next(_numbers)}"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(AT_ONCE)
    pool = ThreadPoolExecutor(AT_ONCE)

    def serve() -> None:
        while True:
            pool.submit(_answer, work, listener.accept()[0])

    threading.Thread(target=serve, daemon=True).start()
    return CLIENT.format(python=sys.executable, address=address)


def _answer(work: Work, channel: socket.socket) -> None:
    with channel, channel.makefile("rwb") as stream:
        arguments, folder, environ = marshal.loads(stream.read(int.from_bytes(stream.read(4), "big")))
        given = {os.fsdecode(name): os.fsdecode(value) for name, value in environ.items()}
        stream.write(marshal.dumps(work(arguments, folder, given)))


def _run_sendspec(arguments: list[str], folder: str, environ: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    plain = {name: value for name, value in environ.items() if not name.startswith(LONE)}
    code, out, err = run_warm(Order(arguments, folder, plain), timeout=SECONDS)
    return code, out.encode(), err.encode()
