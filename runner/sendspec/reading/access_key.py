"""The access key: its sources, and a type that never shows its value."""

from __future__ import annotations

import errno
import os
import re
import select
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.exceptions import KeyUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.leaked_key import is_secret
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.wording import os_reason
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.files.nofollow_open import open_beneath
from sendspec.reading.files.text_file import open_regular

if TYPE_CHECKING:
    import subprocess

COMMAND_SECONDS = 30
AFTER_END_SECONDS = 0.25
"""How long the output of a command that has ended is still read, where another process holds it open."""
POLL_SECONDS = 0.05
MAX_KEY = 4_096
MIN_SECRET = 16
"""So many characters without a space that are no name are taken for a secret."""
_MAX_READ = MAX_KEY + 3
"""Bytes: enough to tell the longest key with its line end from anything longer."""


@dataclass(frozen=True, slots=True)
class FromVariable:
    name: str


@dataclass(frozen=True, slots=True)
class FromFile:
    """`path` is relative to the project."""

    path: str


@dataclass(frozen=True, slots=True)
class FromCommand:
    """Runs in the project's folder, whatever the working directory."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoKey:
    """The sandbox needs no key; it is sent one anyway, as the API would be."""


KeySource = FromVariable | FromFile | FromCommand | NoKey


def origin_of(source: KeySource) -> str:
    """Where a source takes its value from, in words."""
    match source:
        case FromVariable(name):
            return name
        case FromFile(path):
            return path
        case FromCommand(words):
            return f"`{words[0]}`"
        case NoKey():
            return "the sandbox"


def key_source(written: Mapping[str, Any], what: str = "key") -> KeySource | Problem:
    """The source that a checked `access_key`, or `url`, names. `what` it is of is for the problem."""
    named = [word for word in ("env", "file", "command") if word in written]
    if len(named) != 1:
        problem = f"the {what} has {len(named)} sources; it must have one"
        return Problem("key-source", problem, "write one of env, file and command")
    if "env" in written:
        return FromVariable(written["env"])
    return FromFile(written["file"]) if "file" in written else FromCommand(tuple(written["command"]))


def is_variable_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None


def odd_variable(written: Mapping[str, Any], what: str) -> tuple[str, Problem] | None:
    """The key `env` of a checked source whose value is no variable's name, and the problem. It doesn't repeat the value, which may be
    the secret itself."""
    name = written.get("env")
    if name is None or is_variable_name(name):
        return None
    if is_secret(name) or (len(name) >= MIN_SECRET and not any(map(str.isspace, name))):
        problem = f"this seems to be the {what} itself, and many people can read files in git"
        fix = "remove it, have it replaced, put it into a variable, and write the variable's name"
        return "env", Problem("key-literal", problem, fix)
    problem = "`env` takes the name of a variable, and this is none"
    return "env", Problem("bad-name", problem, "write a name of letters, digits and _ that begins with no digit")


def odd_sources(data: Any) -> Iterator[KeyPath]:
    """The places, in a project file of any shape, where a secret may be written instead of its source."""
    environments = data.get("environments") if isinstance(data, dict) else None
    for name, environment in environments.items() if isinstance(environments, dict) else ():
        for at in (("access_key",), ("ledger", "url")):
            written = environment
            for key in at:
                written = written.get(key) if isinstance(written, dict) else None
            if isinstance(written, str) and not is_variable_name(written):
                yield ("environments", name, *at)
            elif (
                isinstance(written, dict)
                and isinstance(written.get("env"), str)
                and not is_variable_name(written["env"])
            ):
                yield ("environments", name, *at, "env")


class AccessKey:
    """A key that masks itself wherever it is shown."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "AccessKey(••••••)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def authorization(self, scheme: str) -> str:
        """The value of the `Authorization` header."""
        return f"{scheme} {self._value}"


def read_access_key(
    source: KeySource, environ: Mapping[str, str], root: Path, *, command_seconds: float = COMMAND_SECONDS
) -> AccessKey:
    """The key. Raises `KeyUnusable`, whose text never contains the value."""
    return AccessKey(read_secret(source, environ, root, "access key", command_seconds=command_seconds))


def read_secret(
    source: KeySource, environ: Mapping[str, str], root: Path, what: str, *, command_seconds: float = COMMAND_SECONDS
) -> str:
    """The text that a source gives: printable ASCII without spaces. `what` it is, is for errors.

    Raises `KeyUnusable`, whose text never contains the value.
    """
    noun = _noun(what)
    match source:
        case FromVariable(name):
            value = environ.get(name)
            if not value:
                raise KeyUnusable(
                    f"the environment variable {name} is {'not set' if value is None else 'empty'}",
                    f"set {name} to the {what}",
                )
            return _checked(value, what, f"in {name}")
        case FromFile(path):
            return _checked(_from_file(root, path, noun), what, f"in {path}")
        case FromCommand(words):
            return _checked(_from_command(words, root, command_seconds, noun), what, f"that `{words[0]}` prints")
        case NoKey():
            return "sandbox"


def _noun(what: str) -> str:
    return what.rpartition(" ")[2]


def _from_file(root: Path, shown: str, noun: str) -> str:
    try:
        descriptor = _open_key_file(root, shown)
    except IsADirectoryError:
        raise KeyUnusable(f"{shown} is not a regular file", f"name the file that holds the {noun}") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyUnusable(
                f"the {noun} file {shown} is a link, or lies behind one, and may have come with a checkout",
                "put the file itself there, or write the path that the link leads to into sendspec.yaml",
            ) from None
        raise KeyUnusable(
            f"the {noun} file {shown} can't be read: {os_reason(error)}", "check its path and owner"
        ) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if mode & 0o077:
            raise KeyUnusable(
                f"the {noun} file {shown} can be read by others (mode {mode & 0o777:03o})", f"run: chmod 600 {shown}"
            )
        return _one_line(os.read(descriptor, _MAX_READ))
    finally:
        os.close(descriptor)


def _open_key_file(root: Path, written: str) -> int:
    """Opens a key file: below the project without following links, elsewhere as the project file names it.

    A link in the project may have come with a checkout, and its target would be sent as the key.
    """
    below = PurePath(os.path.relpath(root / written, root))
    if Path(written).is_absolute() or below.parts[:1] == ("..",):
        return open_regular(str(root / written))
    return open_beneath(root, below)


def _from_command(words: tuple[str, ...], root: Path, seconds: float, noun: str) -> str:
    """The command's output, up to `_MAX_READ` bytes.

    A command that prints more, or that takes longer than `seconds`, is killed with all that it started.
    """
    import subprocess  # only needed for keys that a command prints

    try:
        process = subprocess.Popen(
            words,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        raise _command_fault(words, noun, "can't be started") from None
    assert process.stdout is not None
    try:
        printed = _printed(process, process.stdout.fileno(), time.monotonic() + seconds)
        if process.returncode:
            raise _command_fault(words, noun, f"ends with {process.returncode}")
        return _one_line(printed)
    except (TimeoutError, subprocess.TimeoutExpired):
        raise _command_fault(words, noun, f"takes longer than {seconds:g} s") from None
    finally:
        if process.returncode is None:  # once it has been waited for, its number may be another group's
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()


def _printed(process: subprocess.Popen[bytes], descriptor: int, end: float) -> bytes:
    """What the command prints until it ends, up to `_MAX_READ` bytes.

    A process that it left in the background may hold the pipe open: that one is not waited for. Raises TimeoutError or
    `TimeoutExpired` at `end`, in monotonic time.
    """
    found = b""
    has_ended = False
    poll = select.poll()  # `select` itself refuses descriptors from 1024 on
    poll.register(descriptor, select.POLLIN)
    while len(found) < _MAX_READ:
        now = time.monotonic()
        if not has_ended and process.poll() is not None:
            has_ended, end = True, min(end, now + AFTER_END_SECONDS)
        if poll.poll(1_000 * max(0.0, min(POLL_SECONDS, end - now))):
            block = os.read(descriptor, _MAX_READ - len(found))
            if not block:
                process.wait(max(0.0, end - time.monotonic()))
                break
            found += block
        elif now >= end:
            if has_ended:
                break
            raise TimeoutError
    return found


def _command_fault(words: tuple[str, ...], noun: str, what: str) -> KeyUnusable:
    return KeyUnusable(f"the {noun}'s command `{words[0]}` {what}", "run it by hand, and read its error message")


def _one_line(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


def _checked(value: str, what: str, origin: str) -> str:
    """Accepts printable ASCII without spaces, which a header can carry. Client libraries would let a NUL through."""
    noun = _noun(what)
    if not value:
        raise KeyUnusable(f"the {what} {origin} is empty", f"put the {noun} there")
    if len(value) > MAX_KEY:
        problem = f"the {what} {origin} is longer than {MAX_KEY:,} characters"
        raise KeyUnusable(problem, f"put the {noun} there, and nothing else")
    for position, character in enumerate(value, start=1):
        if not "!" <= character <= "~":
            raise KeyUnusable(
                f"the {what} {origin} has a character that a {noun} can't have, at position {position}",
                f"copy the {noun} again, without spaces or line ends",
            )
    return value
