"""What the child takes away from itself before it reads a file: limits, files outside, programs, connections.

The child has nothing to lose by design: no secret is in its environment, and its code opens no ledger. The fence is for code
that got in by a mistake in a library. Limits and Landlock are the kernel's walls; the audit hook is a net, which only Python code
runs into.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sendspec.operations.untrusted.limits import UntrustedLimits

_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38
"""Of prctl(2)."""
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
"""System calls; their numbers are the same on every architecture."""
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights to files each version of Landlock knows; from 5 on 16."""
_TCP_FROM, _SCOPE_FROM = 4, 6
_ENDING_EVENTS = (
    "ctypes.", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "os.symlink", "os.link",
    "pty.spawn", "socket.", "sqlite3.", "subprocess.", "urllib.", "webbrowser.", "signal.pthread_kill", "sys.remote_exec",
)  # fmt: skip
_FOLDER_EVENTS = ("os.listdir", "os.scandir")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit_resources(limits: UntrustedLimits) -> None:
    """A limit that is lower already stays."""
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 5)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    most = resource.getrlimit(kind)[1]
    values = [
        value if most == resource.RLIM_INFINITY else min(value, most)
        for value in (soft, soft if hard is None else hard)
    ]
    with suppress(ValueError, OSError):  # macOS knows some limits and sets none
        resource.setrlimit(kind, (values[0], values[1]))


def die_with_parent(parent: int) -> None:
    """See `fork_pool`: the kernel ends this process when its parent is gone."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def leave_the_rest(folders: Sequence[str]) -> bool:
    """Has the kernel refuse every file outside of `folders`, all writing, programs, TCP, and signals to others.

    False where the kernel doesn't do that: before Linux 5.13, without Landlock, and on other systems.
    """
    with suppress(OSError, AttributeError):
        return _restricted(ctypes.CDLL(None, use_errno=True), folders)
    return False


def _restricted(libc: Any, folders: Sequence[str]) -> bool:
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 1:
        return False
    handled = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    attributes = struct.pack("=QQQ", handled, 3 if version >= _TCP_FROM else 0, 3 if version >= _SCOPE_FROM else 0)
    size = 24 if version >= _SCOPE_FROM else 16 if version >= _TCP_FROM else 8
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    if rules < 0:
        return False
    try:
        for folder in folders:
            with suppress(OSError):
                place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
                rule = struct.pack("=Qi", _READ_FILE | (_READ_FOLDER if os.path.isdir(folder) else 0), place)  # noqa: PTH112
                libc.syscall(_LANDLOCK_ADD, rules, ctypes.c_int(1), rule, ctypes.c_uint(0))
                os.close(place)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(libc.syscall(_LANDLOCK_RESTRICT, rules, ctypes.c_uint(0)) == 0)
    finally:
        os.close(rules)


def watch(folders: Sequence[str], end: Callable[[str], None]) -> None:
    """From now on, opening a file outside of `folders`, or to write, fails; whatever starts or reaches something else calls `end`.

    There is no way to stop this.
    """
    inside = tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)  # noqa: PTH118

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int):
                return
            if not isinstance(flags, int) or flags & _WRITING or not _is_in(path, inside):
                raise PermissionError(f"not opened here: {event}")
        elif event in _FOLDER_EVENTS:
            if arguments[0] is not None and not isinstance(arguments[0], int) and not _is_in(arguments[0], inside):
                raise PermissionError(f"not listed here: {event}")
        elif event.startswith(_ENDING_EVENTS):
            end(event)

    sys.addaudithook(look)


def _is_in(path: object, folders: tuple[str, ...]) -> bool:
    text = os.fsdecode(path)  # type: ignore[arg-type]  # what `open` takes
    return os.path.join(os.path.abspath(text), "").startswith(folders)  # noqa: PTH100, PTH118
