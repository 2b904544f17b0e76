"""`<ledger>.spill`: results that the ledger could not take, in space reserved beforehand, for the next run to import."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerForeign
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.ledger.durable_file import sync_folder, unwritable_file
from sendspec.ledger.record import Settlement
from sendspec.ledger.sqlite_file import open_beside
from sendspec.planning.message_state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULT_BYTES = 512
SPILL_BYTES = 2 * 256 * RESULT_BYTES
"""Twice the space for the results of 256 messages in flight."""
EVIDENCE_KEPT = 200
MAX_BYTES = 64_000_000
"""More than the results of all messages that can be in flight."""
HEAD_BYTES = 10
_BEGINNING = lazy_pattern(rb"[0-9a-f]{0,8}|[0-9a-f]{8} (\{.*)?", re.DOTALL)
"""How a spill file begins, or what a crash left of that."""


@dataclass(frozen=True, slots=True)
class SpilledResult:
    """A result and the run whose claim it settles."""

    run: int
    settlement: Settlement


def spill_path(path: Path) -> Path:
    return path.with_name(path.name + ".spill")


def prepare_spill(path: Path, in_flight: int = 0) -> None:
    """Reserves space for the results of so many messages, at least 256, in a file readable by this user alone.

    `path` is the ledger's. Raises `LedgerUnwritable`.
    """
    place = spill_path(path)
    wanted = max(SPILL_BYTES, 2 * in_flight * RESULT_BYTES)
    try:
        with _opened(place, os.O_CREAT) as descriptor:
            taken = os.fstat(descriptor).st_size
            _refuse_foreign(place, os.pread(descriptor, HEAD_BYTES, 0))
            if taken >= wanted:
                return
            os.pwrite(descriptor, bytes(wanted - taken), taken)
            os.fsync(descriptor)
        sync_folder(place.parent)
    except OSError as error:
        raise unwritable_file(place, error) from error


def write_spill(path: Path, ledger_id: str, run: int, settlements: Sequence[Settlement]) -> None:
    """Appends results, durably. Raises OSError."""
    with _opened(spill_path(path), os.O_CREAT) as descriptor:
        written = os.pread(descriptor, min(MAX_BYTES, os.fstat(descriptor).st_size), 0).rstrip(b"\0")
        lines = b"".join(_line(ledger_id, run, settlement) for settlement in settlements)
        os.pwrite(descriptor, lines, len(written))
        os.fdatasync(descriptor)


def read_spill(path: Path, ledger_id: str) -> list[SpilledResult]:
    """The results spilled by the ledger at `path`, up to the first line that was cut off while written."""
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
    """The ledger id and the result in a line. Raises ValueError, KeyError or TypeError for anything else."""
    owner, run = words.pop("ledger"), words.pop("run")
    settlement = Settlement(id=bytes.fromhex(words.pop("id")), to=State(words.pop("to")), **words)
    numbers = (run, settlement.attempt)
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError
    return owner, SpilledResult(run, settlement)


def _refuse_foreign(place: Path, head: bytes) -> None:
    """Raises `LedgerDamaged` for a file that isn't a spill file, which is then not written to."""
    if not _BEGINNING.fullmatch(head.rstrip(b"\0")):
        raise LedgerDamaged(f"{place} is no file of sendspec's", "move it away; it is made again")


def clear_spill(path: Path) -> None:
    """Empties the file and keeps its space. Call it once its results are durable in the ledger. Raises `LedgerUnwritable`."""
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
