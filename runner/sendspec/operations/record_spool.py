"""What the ledger is to hold of a plan's messages, kept in an unnamed private file until somebody has agreed to the plan."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import chain, compress, repeat
from pathlib import Path
from typing import Any

from sendspec.composing.block_result import plan_entry_of
from sendspec.composing.identity import FINGERPRINT_BYTES, ID_BYTES
from sendspec.composing.message import Message
from sendspec.composing.record_part import RecordPart, packed_records, parts_in, split, unpacked_records
from sendspec.diagnostics.exceptions import CopyUnreadable, NoRoomForCopy
from sendspec.diagnostics.wording import grouped, os_reason
from sendspec.ledger.record import PlannedRecord
from sendspec.operations.composed_blocks import ComposedBlock
from sendspec.operations.shape_mark import ShapeMarks
from sendspec.reading.files.private_folder import unnamed_file

MAX_HELD = 1 << 20
"""Bytes kept in memory before they are written to the file: a short plan needs no file."""
BlockRecords = tuple[bytes, Sequence[int]]
"""Packed records of a block, and the line of each."""


class RecordSpool:
    """Records in plan order. They hold keyed hashes and masked recipients, but no payload.

    The file has no name, so nothing of it is left when the process ends.
    """

    def __init__(self, root: Path, most_held: int = MAX_HELD) -> None:
        """`root` is the project's folder. More than `most_held` bytes are written to the file."""
        self._root = root
        self._most_held = most_held
        self._descriptor: int | None = None
        self._waiting: list[BlockRecords] = []
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._places: list[tuple[int, int, bytes]] = []
        self._written = 0

    def add(self, block: ComposedBlock) -> None:
        """Adds the records of the block's messages, but for those that the files exclude. They wait for `settle`."""
        self._waiting.append(_block_records(block))

    def add_messages(self, messages: Sequence[Message], part_of: Callable[[Message], RecordPart]) -> None:
        """Adds the records of messages to send that were composed one by one."""
        if messages:
            self._waiting.append(_message_records(messages, part_of))
            self.settle(None)

    def settle(self, kept: bytes | None) -> None:
        """Keeps the waiting records. `kept` has a byte for each, 0 for those to leave out; None: all are kept.

        Raises `NoRoomForCopy` and `PrivateFolderUnusable`.
        """
        if not self._waiting:
            return
        lines = [(each.start, each.stop) if isinstance(each, range) else list(each) for _, each in self._waiting]
        data = marshal.dumps(([packed for packed, _ in self._waiting], lines, kept))
        self._waiting = []
        self._places.append((self._written + self._held_bytes, len(data), sha256(data).digest()))
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > self._most_held:
            self._write()

    def blocks(self, marks: ShapeMarks) -> Iterator[list[PlannedRecord]]:
        """All records, block by block. Raises `CopyUnreadable` where the file returns other bytes than were written."""
        held = b"".join(self._held)
        for place, length, digest in self._places:
            at = place - self._written
            data = held[at : at + length] if at >= 0 else self._read(place, length)
            if sha256(data).digest() != digest:
                raise _unreadable("it returns other bytes than were written")
            packed, lines, kept = marshal.loads(data)
            lines = [range(*each) if isinstance(each, tuple) else each for each in lines]
            records = chain.from_iterable(map(_records, packed, lines, repeat(marks)))
            yield list(records if kept is None else compress(records, kept))

    def _write(self) -> None:
        data = memoryview(b"".join(self._held))
        try:
            if self._descriptor is None:
                self._descriptor = unnamed_file(self._root)
            while data:
                done = os.pwrite(self._descriptor, data, self._written)
                self._written += done
                data = data[done:]
        except OSError as error:
            raise _no_room(error, self._written + len(data)) from error
        self._held.clear()
        self._held_bytes = 0

    def _read(self, place: int, length: int) -> bytes:
        assert self._descriptor is not None
        try:
            data = os.pread(self._descriptor, length, place)
        except OSError as error:
            raise _unreadable(os_reason(error)) from error
        if len(data) < length:
            raise _unreadable("it has become shorter")
        return data

    def close(self) -> None:
        """Gives back memory and disk space; the records are gone."""
        self._places.clear()
        self._held.clear()
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        self.close()


def _block_records(block: ComposedBlock) -> BlockRecords:
    """The records of a block's messages, but for those that the files exclude."""
    result, others = block.result, block.others
    if not any(other and other[4] is not None for other in others.values()):
        lines = block.lines
        return result[7], [line for at, line in enumerate(lines) if at not in others] if others else lines
    to_send = zip(zip(*result[:4], strict=True), parts_in(result[7]), strict=True)
    rows: list[tuple[Any, RecordPart, int]] = []
    for at, line in enumerate(block.lines):
        if at not in others:
            entry, part = next(to_send)
            rows.append((entry, part, line))
        elif (other := others[at]) and other[4] is not None:
            rows.append((other[0][:4], other[4], line))
    entries, parts, kept_lines = zip(*rows, strict=True)
    fingerprints, sizes, forced_by, alternatives = zip(*entries, strict=True)
    return packed_records(fingerprints, sizes, forced_by, alternatives, parts), kept_lines


def _message_records(messages: Sequence[Message], part_of: Callable[[Message], RecordPart]) -> BlockRecords:
    """The records of messages that were composed one by one."""
    fingerprints, sizes, forced_by, alternatives, _ = zip(*map(plan_entry_of, messages), strict=True)
    packed = packed_records(fingerprints, sizes, forced_by, alternatives, list(map(part_of, messages)))
    return packed, [each.line for each in messages]


def _records(packed: bytes, lines: Sequence[int], marks: ShapeMarks) -> Iterator[PlannedRecord]:
    if not packed:
        return iter(())
    fingerprints, sizes, alternatives, receivers, masked, references, moments = unpacked_records(packed)
    shapes = list(zip(alternatives, sizes, strict=True))
    mark_by_shape = {shape: marks.of_size(*shape) for shape in set(shapes)}
    columns = (
        [each[:ID_BYTES] for each in split(fingerprints, FINGERPRINT_BYTES)],
        [each[ID_BYTES:] for each in split(fingerprints, FINGERPRINT_BYTES)],
        references or repeat(None),
        split(receivers, ID_BYTES),
        masked,
        lines,
        sizes,
        moments or repeat(None),
        [mark_by_shape[shape] for shape in shapes],
    )
    return map(PlannedRecord._make, zip(*columns, strict=False))


def _no_room(error: OSError, needed: int) -> NoRoomForCopy:
    return NoRoomForCopy(
        f"the records of the plan need more than {grouped(needed)} bytes under .sendspec/tmp: {os_reason(error)}",
        "free some space on the disk that holds the project, then run the command again",
    )


def _unreadable(reason: str) -> CopyUnreadable:
    return CopyUnreadable(
        f"the records of the plan in .sendspec/tmp can't be read: {reason}",
        "check the disk that holds the project, then run the command again",
    )
