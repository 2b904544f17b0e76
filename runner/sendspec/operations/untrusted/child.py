"""The program of the child process. It reads a request from its parent, takes everything away from itself, and writes a report."""

from __future__ import annotations

import io
import os
import sys
import sysconfig
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from sendspec.operations.untrusted.call_filter import refuse_calls
from sendspec.operations.untrusted.child_process import FORBIDDEN, OUT_OF_MEMORY
from sendspec.operations.untrusted.fence import die_with_parent, leave_the_rest, limit_resources, watch

_MAX_REQUEST = 64_000_000
_NEEDED_LATER = (
    "jsonschema",
    "jsonschema.validators",
    "sendspec.operations.untrusted.child_check",
    "encodings.latin_1",
)
_SYSTEM = ("/etc/localtime", "/usr/share/zoneinfo", "/lib", "/lib64", "/usr/lib", "/usr/lib64")
"""Read-only files of the system that its libraries read."""


def main() -> NoReturn:
    """Never returns: nothing may run after it, such as the exit functions of libraries."""
    from sendspec.operations.untrusted.report import UntrustedRequest
    from sendspec.operations.untrusted.value_codec import decoded

    request = decoded(UntrustedRequest, sys.stdin.buffer.read(_MAX_REQUEST))
    die_with_parent(request.parent)
    for name in _NEEDED_LATER:
        import_module(name)
    stream = _only_stream()
    copies = [request.top] if request.base is None else [request.top, request.base.top]
    folders = [*copies, *_python_folders()]
    walls = _walls(folders)
    limit_resources(request.limits)
    watch(folders, _forbidden)
    try:
        _write(stream, _report(request, walls))
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException as error:
        os.write(2, type(error).__name__.encode())
        os._exit(1)


def _report(request: object, walls: tuple[str, ...]) -> bytes:
    from dataclasses import replace

    from sendspec.operations.untrusted.child_check import report_on
    from sendspec.operations.untrusted.report import UntrustedRequest, Wall
    from sendspec.operations.untrusted.value_codec import encoded

    assert isinstance(request, UntrustedRequest)
    return encoded(replace(report_on(request), walls=tuple(map(Wall, walls))))


def _walls(folders: list[str]) -> tuple[str, ...]:
    found = {"files": leave_the_rest(folders), "calls": refuse_calls()}
    return tuple(name for name, stands in found.items() if stands)


def _only_stream() -> int:
    """Keeps the pipe of the report under another number: standard streams are nothing from now on, and all else is closed."""
    stream = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    os.closerange(3, stream)
    os.closerange(stream + 1, 1_024)
    sys.stdin, sys.stdout = io.StringIO(), io.StringIO()
    return stream


def _python_folders() -> list[str]:
    """Where Python and our own package have their files."""
    from sendspec.reading.schema.location import schema_directory

    paths = [
        *sys.path,
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        str(schema_directory()),
        *_SYSTEM,
    ]
    return [path for path in dict.fromkeys(paths) if path and Path(path).exists()]


def _write(stream: int, report: bytes) -> None:
    rest = memoryview(report)
    while rest:
        rest = rest[os.write(stream, rest) :]


def _forbidden(event: str) -> NoReturn:
    os.write(2, event.encode())
    os._exit(FORBIDDEN)
