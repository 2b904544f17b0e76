"""A program `sendspec` for shells that start it many times: each start is a fork of the warm process, not a new interpreter's.

The program hands its arguments, working directory and environment to this process, and prints what the command printed. A signal ends the
program alone: where one has to reach the command, take the real one.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from warm_process import LONE, Order, run_warm

CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as channel:
    channel.connect({address!r})
    with channel.makefile("rwb") as stream:
        stream.write(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode() + b"\\n")
        stream.flush()
        code, out, err = json.loads(stream.readline())
sys.stdout.write(out)
sys.stdout.flush()
sys.stderr.write(err)
sys.exit(code)
"""
AT_ONCE = 4
SECONDS = 60


@cache
def warm_program() -> str:
    """The text of the program, which works as long as this process lives."""
    address = f"\0sendspec-tests-{os.getpid()}"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(AT_ONCE)
    pool = ThreadPoolExecutor(AT_ONCE)  # its threads stay, and with each the fork that it runs commands in

    def serve() -> None:
        while True:
            pool.submit(_answer, listener.accept()[0])

    threading.Thread(target=serve, daemon=True).start()
    return CLIENT.format(python=sys.executable, address=address)


def _answer(channel: socket.socket) -> None:
    with channel, channel.makefile("rwb") as stream:
        arguments, folder, environ = json.loads(stream.readline())
        plain = {name: value for name, value in environ.items() if not name.startswith(LONE)}
        stream.write(json.dumps(run_warm(Order(arguments, folder, plain), timeout=SECONDS)).encode() + b"\n")
