"""What the ledger keeps of a message that a plan doesn't count, and the bytes in which a block's messages wait for the ledger."""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TypeAlias

from sendspec.composing.identity import ID_BYTES, id_text
from sendspec.composing.message import Message
from sendspec.composing.platforms.sms_excess import segments_of
from sendspec.composing.platforms.sms_segments import ForcedBy
from sendspec.reading.schema.formats import date_time

RecordPart: TypeAlias = tuple[bytes, str, str | None, int | None]
"""The keyed hash of the receiver, the receiver as it may be shown, the user's own reference, and when the API is to send the message.

Without a reference of the user's own, and for a message to be sent at once, the last two are None.
"""
Columns: TypeAlias = tuple[
    bytes, list[int | None], list[int], bytes, list[str], list[str | None] | None, list[int | None] | None
]
"""Messages in row order: their fingerprints joined, their `size_of`, their alternatives, then their parts field by field.

The hashes of the receivers are joined. None in place of the last two fields: no message has one.
"""


def own_reference(message: Message) -> str | None:
    """The user's own reference, as the ledger stores it; None if it is the message id."""
    return None if message.reference == id_text(message.id) else message.reference


def moment_of(written: str | None) -> int | None:
    """The Unix seconds of a payload's `scheduledFor`."""
    return None if written is None else int(date_time(written).timestamp())


def packed_records(
    fingerprints: Sequence[bytes],
    sizes: Sequence[int],
    forced_by: Sequence[ForcedBy],
    alternatives: Sequence[int],
    parts: Sequence[RecordPart],
) -> bytes:
    """`Columns` as bytes. The first arguments are fields of the messages' plan entries."""
    receivers, masked, references, moments = zip(*parts, strict=True) if parts else ((), (), (), ())
    columns = (
        b"".join(fingerprints),
        # as `size_of`; a text that isn't measured has the size 0
        [2 * segments_of(size) + bool(forced) or None for size, forced in zip(sizes, forced_by, strict=True)],
        list(alternatives),
        b"".join(receivers),
        list(masked),
        None if references.count(None) == len(references) else list(references),
        None if moments.count(None) == len(moments) else list(moments),
    )
    return marshal.dumps(columns)


def unpacked_records(records: bytes) -> Columns:
    """The reverse of `packed_records`. Only for bytes of this process or a fork of it."""
    columns: Columns = marshal.loads(records)
    return columns


def parts_in(records: bytes) -> Iterator[RecordPart]:
    """The part of each of the packed records; none for empty bytes."""
    if not records:
        return iter(())
    _, _, _, receivers, masked, references, moments = unpacked_records(records)
    return zip(split(receivers, ID_BYTES), masked, references or repeat(None), moments or repeat(None), strict=False)


def split(joined: bytes, size: int) -> list[bytes]:
    """The values of `size` bytes that were joined."""
    return [joined[at : at + size] for at in range(0, len(joined), size)]
