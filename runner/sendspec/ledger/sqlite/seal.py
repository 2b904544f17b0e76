"""`<ledger>.seal`: proof that a ledger's file is as the last command left it, so that only what is new in it has to be verified.

The seal names the file as the system shows it. Whatever writes to the file, copies it, restores it or gives it a second name
changes its ctime, which no program can set. Damage below the file system changes nothing there: `ledger check` finds it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.durable_file import sync_folder, unwritable_file, write_whole
from sendspec.ledger.sqlite.write_ahead_log import has_log
from sendspec.ledger.sqlite_file import open_beside
from sendspec.ledger.verified_point import Seal, VerifiedPoint

FORMAT = 3
MAX_BYTES = 10_000
MAX_REPLANNED = 200
"""Ranges of replaced messages that are listed. Where there are more, what is between some of them is verified too."""
MACHINE_ID = Path("/etc/machine-id")
COARSE_NS = 1_000_000
"""A ctime in whole milliseconds is of a file system that can't tell two changes apart, or doesn't keep one."""
TRIES, PAUSE_SECONDS = 5, 0.01


FileState = tuple[int, ...]
"""Device, inode, size, mtime and ctime of a file, the times in nanoseconds."""


def seal_path(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".seal")


def file_state(path: Path) -> FileState | None:
    """None where there is no such file."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def machine_mark(machine_id: Path = MACHINE_ID) -> str:
    """A hash that differs between machines and stays the same when one is started again."""
    named = b""
    with suppress(OSError):
        named = machine_id.read_bytes()[:1_000].strip()
    return blake2b(named or os.uname().nodename.encode(), digest_size=16, person=b"ledger machine").hexdigest()


def read_seal(ledger: Path, ledger_id: str, salt: bytes | None, *, machine: str | None = None) -> Seal | None:
    """The seal of the ledger with this id at `ledger`; None unless it proves that its file is as it was left.

    Nothing is wrong then: the whole ledger has to be verified.
    """
    state = file_state(ledger)
    if state is None or has_log(ledger) or os.path.lexists(f"{ledger}-journal"):
        return None
    try:
        descriptor = open_beside(seal_path(ledger), os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            written = file.read(MAX_BYTES + 1)
            is_later = os.fstat(descriptor).st_mtime_ns > state[-1]
        if not is_later or len(written) > MAX_BYTES:
            return None
        return _seal_in(written, ledger_id, salt, state, machine or machine_mark())
    except (OSError, LedgerTrouble, ValueError, TypeError, RecursionError):
        return None


def _seal_in(written: bytes, ledger_id: str, salt: bytes | None, state: FileState, machine: str) -> Seal | None:
    """Raises ValueError or TypeError for anything that is no seal."""
    text, mark = written.splitlines()
    if not compare_digest(mark, _mark(text, salt)):
        return None
    _, sealed_id, sealed_machine, sealed_state, *noted = json.loads(text)
    if (sealed_id, sealed_machine, tuple(sealed_state)) != (ledger_id, machine, state) or not _is_fine(state):
        return None
    point, recovered, epoch, moves, replanned, read_at = noted
    return Seal(
        VerifiedPoint(*point), recovered, epoch, moves, tuple((first, last) for first, last in replanned), read_at
    )


def write_seal(
    ledger: Path, ledger_id: str, salt: bytes | None, seal: Seal, state: FileState, *, machine: str | None = None
) -> None:
    """Writes the seal durably, for a file that was last seen in this state. Without the room for it, there is none.

    The seal's own time has to be later than the file's ctime: a change in the same tick of the clock would leave that as it is.
    """
    content = [FORMAT, ledger_id, machine or machine_mark(), state]
    content += [_listed(seal.point), seal.recovered, seal.epoch, seal.moves, seal.replanned, seal.wholly_read_at]
    text = json.dumps(content).encode()
    place = seal_path(ledger)
    if not _is_fine(state):
        return
    for _ in range(TRIES):
        with suppress(LedgerTrouble):
            write_whole(place, f"{text.decode()}\n{_mark(text, salt).decode()}\n", 0o600)
        written = file_state(place)
        if written is None or written[-2] > state[-1]:
            return
        time.sleep(PAUSE_SECONDS)


def remove_seal(ledger: Path) -> None:
    """Removes the seal, durably: also where a killed run has just removed it. Raises `LedgerUnwritable`."""
    try:
        seal_path(ledger).unlink(missing_ok=True)
        sync_folder(ledger.parent)
    except OSError as error:
        raise unwritable_file(seal_path(ledger), error) from error


def _listed(point: VerifiedPoint) -> Sequence[int]:
    return point.moves, point.number, point.messages


def _mark(text: bytes, salt: bytes | None) -> bytes:
    """Shows that the text is whole, and written by somebody who knows the ledger's salt."""
    return blake2b(text, key=salt or b"", digest_size=16, person=b"ledger seal").hexdigest().encode()


def _is_fine(state: FileState) -> bool:
    return state[-1] % COARSE_NS != 0
