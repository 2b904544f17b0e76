"""The parent's side of the child process: starts it without anything, reads its report, and ends whatever it started."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import IO

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.operations.untrusted.limits import UntrustedLimits
from sendspec.operations.untrusted.stopped import UntrustedStopped

PROGRAM = "import sys; sys.path += sys.argv[1:]; from sendspec.operations.untrusted.child import main; main()"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
OUT_OF_MEMORY, FORBIDDEN = 71, 72
"""What the child exits with: memory ran out; it tried what it may not do, and its errors say what."""
_BLOCK_BYTES = 1 << 16
_MAX_ERRORS = 4_096
_LIBRARIES = ("sendspec", "click", "jinja2", "jsonschema_rs", "orjson", "phonenumbers", "ruamel.yaml")


@dataclass(slots=True)
class _Output:
    report: bytearray
    errors: bytearray


def report_of_child(request: bytes, folder: Path, limits: UntrustedLimits, end: float) -> bytes:
    """What the child writes about `request`, begun in `folder`, until `end` as `monotonic` counts. Raises `UntrustedStopped`."""
    output = _Output(bytearray(), bytearray())
    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", PROGRAM, *_library_folders()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=ENVIRONMENT,
        start_new_session=True,
    ) as child:
        try:
            _exchange(child, request, output, limits, end)
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, end - monotonic()))
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
    _refuse_failure(child.returncode, bytes(output.errors), limits)
    return bytes(output.report)


def _exchange(
    child: subprocess.Popen[bytes], request: bytes, output: _Output, limits: UntrustedLimits, end: float
) -> None:
    """Hands over the request, and reads until the child closes both streams."""
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    rest = memoryview(request)
    with selectors.DefaultSelector() as selector:
        os.set_blocking(child.stdin.fileno(), False)
        selector.register(child.stdin, selectors.EVENT_WRITE)
        selector.register(child.stdout, selectors.EVENT_READ, output.report)
        selector.register(child.stderr, selectors.EVENT_READ, output.errors)
        while selector.get_map():
            left = end - monotonic()
            if left <= 0:
                raise too_slow(limits)
            for key, _ in selector.select(left):
                if key.fileobj is child.stdin:
                    rest = _written(child.stdin, rest)
                    if not rest:
                        selector.unregister(child.stdin)
                        with suppress(BrokenPipeError):
                            child.stdin.close()
                elif not _read(key.fd, key.data):
                    selector.unregister(key.fileobj)
            del output.errors[_MAX_ERRORS:]
            if len(output.report) > limits.output_bytes:
                raise UntrustedStopped(
                    "untrusted-output",
                    f"there is more to report than {limits.output_bytes:,} bytes".replace(",", " "),
                    "check fewer specs at once, and correct the first of their errors",
                )


def _written(stream: IO[bytes], rest: memoryview) -> memoryview:
    try:
        return rest[os.write(stream.fileno(), rest[:_BLOCK_BYTES]) :]
    except BrokenPipeError:
        return rest[:0]


def _read(descriptor: int, into: bytearray) -> bool:
    block = os.read(descriptor, _BLOCK_BYTES)
    into += block
    return bool(block)


def _refuse_failure(code: int, errors: bytes, limits: UntrustedLimits) -> None:
    match code:
        case 0:
            return
        case _ if code == OUT_OF_MEMORY or (code == -signal.SIGABRT and b"alloc" in errors):  # libraries abort
            most = f"{limits.memory_bytes // 1_000_000:,} MB".replace(",", " ")
            raise UntrustedStopped(
                "untrusted-memory",
                f"the check needs more than {most} of memory",
                "check fewer specs at once, or keep large tables out of the repository",
            )
        case _ if code == -signal.SIGXCPU:
            raise too_slow(limits)
        case _ if code == FORBIDDEN:
            said = printable(errors.decode("utf-8", "replace").strip()[:60])
            raise UntrustedStopped(
                "untrusted-forbidden",
                f"a file made the check try what it never does: {said}",
                "don't merge this before you know why, and report it as SECURITY.md of sendspec says",
            )
    ending = f"signal {-code}" if code < 0 else f"code {code}"
    raise failed(f"it ended with {ending}{_error_named(errors)}")


def _error_named(errors: bytes) -> str:
    """The name of the error that ended the child, if it left one: no more of what it said, as that may quote a file."""
    last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
    word = re.match(r"[A-Za-z_.]{1,60}", last)
    return f", {word[0]}" if word else ""


def failed(why: str) -> UntrustedStopped:
    return UntrustedStopped(
        "untrusted-failed",
        f"the process of the check gave no report: {why}",
        "check the specs one by one to find the file that ends it, and report it",
    )


def too_slow(limits: UntrustedLimits) -> UntrustedStopped:
    return UntrustedStopped(
        "untrusted-time",
        f"the check takes longer than {limits.seconds:g} seconds, or computes longer than {limits.cpu_seconds}",
        "check fewer specs at once, or keep large tables out of the repository",
    )


def _library_folders() -> list[str]:
    """Where this process has its modules from, or would have: an isolated Python doesn't look into the user's own packages."""
    found: dict[str, None] = {}
    for name in _LIBRARIES:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            found[str(Path(spec.origin).resolve().parents[1 + name.count(".")])] = None
    return list(found)
