"""Results that the ledger could not take: kept in a file whose room was taken beforehand, until the next start reads them in."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerForeign
from sendspec.ledger.durable_file import sync_folder, unwritable_file
from sendspec.ledger.record import Settlement
from sendspec.ledger.sqlite_file import open_beside
from sendspec.planning.message_state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULT_BYTES = 512
SPILL_BYTES = 2 * 256 * RESULT_BYTES
"""Room for the results of 256 messages in flight, and as many again."""
EVIDENCE_KEPT = 200
MAX_BYTES = 64_000_000
"""More than all messages that can be in flight take."""
LOOKED_AT = 10
_BEGINNING = re.compile(rb"[0-9a-f]{0,8}|[0-9a-f]{8} (\{.*)?", re.DOTALL)
"""What a spill begins with, or what a crash left of that."""


@dataclass(frozen=True, slots=True)
class SpilledResult:
    """A result with the run whose claim it settles."""

    run: int
    settlement: Settlement


def spill_path(path: Path) -> Path:
    return path.with_name(path.name + ".spill")


def prepare_spill(path: Path, in_flight: int = 0) -> None:
    """Takes the room for the results of so many messages beside the ledger at `path`, readable for this user alone.

    There is always room for 256. Raises `LedgerUnwritable`.
    """
    place = spill_path(path)
    wanted = max(SPILL_BYTES, 2 * in_flight * RESULT_BYTES)
    try:
        with _opened(place, os.O_CREAT) as descriptor:
            taken = os.fstat(descriptor).st_size
            _refuse_foreign(place, os.pread(descriptor, LOOKED_AT, 0))
            if taken >= wanted:
                return
            os.pwrite(descriptor, bytes(wanted - taken), taken)
            os.fsync(descriptor)
        sync_folder(place.parent)
    except OSError as error:
        raise unwritable_file(place, error) from error


def write_spill(path: Path, ledger_id: str, run: int, settlements: Sequence[Settlement]) -> None:
    """Keeps results, after those that are there already. Raises OSError."""
    with _opened(spill_path(path), os.O_CREAT) as descriptor:
        written = os.pread(descriptor, min(MAX_BYTES, os.fstat(descriptor).st_size), 0).rstrip(b"\0")
        lines = b"".join(_line(ledger_id, run, settlement) for settlement in settlements)
        os.pwrite(descriptor, lines, len(written))
        os.fdatasync(descriptor)


def read_spill(path: Path, ledger_id: str) -> list[SpilledResult]:
    """What is kept beside the ledger at `path`; a line that was cut in writing, and what follows it, is left out."""
    try:
        with os.fdopen(open_beside(spill_path(path), os.O_RDONLY), "rb") as file:
            written = file.read(MAX_BYTES).rstrip(b"\0")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unwritable_file(spill_path(path), error) from error
    found = []
    for line in written.split(b"\n"):
        checksum, _, content = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(content):
            break
        try:
            owner, result = _result(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise LedgerDamaged(
                f"{spill_path(path)} holds what is no result of a run", "move it away; it is made again"
            ) from None
        if owner != ledger_id:
            raise LedgerForeign(
                f"{spill_path(path)} holds results of another ledger", "move it to the ledger that it belongs to"
            )
        found.append(result)
    return found


def _result(words: dict[str, Any]) -> tuple[str, SpilledResult]:
    """The ledger that a line is of, and its result. Raises ValueError, KeyError or TypeError for another line."""
    owner, run = words.pop("ledger"), words.pop("run")
    settlement = Settlement(id=bytes.fromhex(words.pop("id")), to=State(words.pop("to")), **words)
    numbers = (run, settlement.attempt)
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError
    return owner, SpilledResult(run, settlement)


def _refuse_foreign(place: Path, head: bytes) -> None:
    """Raises `LedgerDamaged` where a file that isn't a spill has its place: nothing is written to that."""
    if not _BEGINNING.fullmatch(head.rstrip(b"\0")):
        raise LedgerDamaged(f"{place} is no file of sendspec's", "move it away; it is made again")


def clear_spill(path: Path) -> None:
    """Empties the file and keeps its room; after its results are durable in the ledger. Raises `LedgerUnwritable`."""
    place = spill_path(path)
    try:
        with _opened(place, 0) as descriptor:
            os.pwrite(descriptor, bytes(min(MAX_BYTES, max(SPILL_BYTES, os.fstat(descriptor).st_size))), 0)
            os.fdatasync(descriptor)
    except OSError as error:
        raise unwritable_file(place, error) from error


def _line(ledger_id: str, run: int, settlement: Settlement) -> bytes:
    words = asdict(settlement) | {"ledger": ledger_id, "run": run, "id": settlement.id.hex(), "to": settlement.to.value}
    words["evidence"] = settlement.evidence and settlement.evidence[:EVIDENCE_KEPT]
    content = json.dumps(words, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(content), content)


@contextmanager
def _opened(place: Path, flags: int) -> Iterator[int]:
    descriptor = open_beside(place, os.O_RDWR | flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
