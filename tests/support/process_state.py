"""What a command may leave behind in its process: open files, threads, children, and values in our modules."""

from __future__ import annotations

import dis
import gc
import io
import os
import signal
import socket
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from types import CodeType, ModuleType

OWNERS = (io.FileIO, socket.socket, sqlite3.Connection)
"""What owns a descriptor, and closes it when it goes."""
WATCHED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGALRM)
STORE_GLOBAL = dis.opmap["STORE_GLOBAL"]


class ProcessState:
    """A process before its first command. What is made before `gc.freeze` counts as found there."""

    def __init__(self) -> None:
        ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "sendspec"]
        self._assigned = [(vars(module), name) for module in ours for name in assigned_globals(module)]
        self._mutable = [
            each for module in ours for each in vars(module).values() if isinstance(each, dict | list | set)
        ]
        self._handlers = [(number, signal.getsignal(number)) for number in WATCHED_SIGNALS]
        self._open = _descriptors()
        self._before = self._now()

    def is_restored(self) -> bool:
        """Whether nothing is left of a command but what is undone here, as the end of a process would undo it.

        Handlers of signals are put back, and descriptors are closed that no object owns: the product keeps its tables open.
        """
        for number, handler in self._handlers:
            signal.signal(number, handler)
        sys.unraisablehook = sys.__unraisablehook__
        sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
        gc.collect()
        if any(isinstance(each, OWNERS) for each in gc.get_objects()):
            return False
        self.close_what_is_new()
        return self._now() == self._before

    def close_what_is_new(self) -> None:
        """Closes the descriptors that were not open before; no object may own them."""
        for descriptor in _descriptors() - self._open:
            with suppress(OSError):  # the one that the folder was listed with
                os.close(descriptor)

    def _now(self) -> object:
        return (
            _descriptors() >= self._open,
            len(list(Path("/proc/self/task").iterdir())),
            _has_children(),
            [names[name] for names, name in self._assigned],
            list(map(len, self._mutable)),
        )


def assigned_globals(module: ModuleType) -> set[str]:
    """The names of a module that its functions assign to."""
    loader = module.__spec__.loader if module.__spec__ else None
    found: set[str] = set()
    codes: list[CodeType] = [loader.get_code(module.__name__)]  # type: ignore[union-attr]  # it is read from a file
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        if STORE_GLOBAL in code.co_code[::2]:
            found |= {each.argval for each in dis.get_instructions(code) if each.opcode == STORE_GLOBAL}
    return found


def _descriptors() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/fd").iterdir()}


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
