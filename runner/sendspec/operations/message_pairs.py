"""Brings together the messages to the same recipients of two lists that are too long for memory, and in any order."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import orjson

from sendspec.composing.identity import DIGEST_BYTES, ID_BYTES
from sendspec.composing.message import Composed, Message
from sendspec.composing.payload_text import text_of
from sendspec.operations.temporary_store import TemporaryStore

TURN = 500
"""Rows that are taken from one list before the other has its turn."""
MAX_HELD = 8_000_000
"""Bytes of messages that wait in memory for their counterparts. In lists of much the same order, few have to wait."""
MAX_STORED = 2_000_000_000
"""Bytes of them in a temporary file. The messages beyond are not brought together."""
BUCKETS = 256
OVERHEAD = 400
"""Bytes of memory that a waiting message needs besides its body."""
_NUMBERS = struct.Struct(">QIII")


class Side(NamedTuple):
    """What is compared of a message. `digest` doesn't cover the reference; `alternatives` and `text` are those of `Message`."""

    id: bytes
    digest: bytes
    line: int
    alternatives: int
    segments: int
    body: bytes
    text: str | None


class ChangedIds:
    """A set of ids in 2 MB. It may hold others too: then the digests of their messages are the same."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << 21)

    def add(self, identity: bytes) -> None:
        number = int.from_bytes(identity[:3], "big")
        self._bits[number >> 3] |= 1 << (number & 7)

    def __contains__(self, identity: bytes) -> bool:
        number = int.from_bytes(identity[:3], "big")
        return bool(self._bits[number >> 3] >> (number & 7) & 1)


def message_pairs(
    before: Iterator[Composed],
    after: Iterator[Composed],
    changed: ChangedIds,
    *,
    count: int,
    max_held: int = MAX_HELD,
    max_stored: int = MAX_STORED,
) -> Iterator[tuple[Side, Side]]:
    """The two messages of each recipient in `changed` whose digests differ, in no particular order. There are `count` of them.

    Both lists are left as soon as all are found. Fewer are found where `max_stored` bytes have no room for those that wait.
    """
    return islice(_Pairs(changed, max_held, max_stored).of(before, after), count)


class _Pairs:
    def __init__(self, changed: ChangedIds, max_held: int, max_stored: int) -> None:
        self._changed = changed
        self._max_stored = max_stored
        self._max_held = max_held
        self._waiting: tuple[dict[bytes, Side], dict[bytes, Side]] = ({}, {})
        self._held = 0
        self._store = TemporaryStore()
        self._stored = 0
        self._places: tuple[list[list[tuple[int, int]]], ...] = tuple([[] for _ in range(BUCKETS)] for _ in range(2))

    def of(self, before: Iterator[Composed], after: Iterator[Composed]) -> Iterator[tuple[Side, Side]]:
        lists, is_open = (before, after), [True, True]
        while any(is_open):
            for own, rows in enumerate(lists):
                taken = list(islice(rows, TURN))
                is_open[own] = bool(taken)
                for item in taken:
                    if isinstance(item, Message) and item.id in self._changed:
                        yield from self._matched(own, _side(item))
            if self._held > self._max_held:
                self._spill()
        if self._stored:
            self._spill()
            yield from self._stored_pairs()

    def _matched(self, own: int, side: Side) -> Iterator[tuple[Side, Side]]:
        other = self._waiting[1 - own].pop(side.id, None)
        if other is None:
            self._waiting[own][side.id] = side
            self._held += len(side.body) + OVERHEAD
            return
        self._held -= len(other.body) + OVERHEAD
        if other.digest != side.digest:
            yield (other, side) if own else (side, other)

    def _spill(self) -> None:
        """Writes the waiting messages to the file, each to the bucket of its id; forgets them where there is no more room."""
        for waiting, places in zip(self._waiting, self._places, strict=True):
            buckets: list[list[bytes]] = [[] for _ in range(BUCKETS)]
            for side in waiting.values():
                buckets[side.id[0]].append(_written(side))
            waiting.clear()
            for bucket, entries in zip(places, buckets, strict=True):
                data = b"".join(entries)
                if data and self._stored + len(data) <= self._max_stored:
                    try:
                        bucket.append((self._store.append(data), len(data)))
                    except OSError:
                        continue
                    self._stored += len(data)
        self._held = 0

    def _stored_pairs(self) -> Iterator[tuple[Side, Side]]:
        for olds, news in zip(*self._places, strict=True):
            by_id = {side.id: side for side in self._read(olds)}
            for side in self._read(news):
                other = by_id.get(side.id)
                if other is not None and other.digest != side.digest:
                    yield other, side

    def _read(self, places: list[tuple[int, int]]) -> Iterator[Side]:
        for place in places:
            yield from _sides(self._store.read(*place))


def _side(message: Message) -> Side:
    segments = 0 if message.measure is None else message.measure.segments
    return Side(message.id, message.digest, message.line, message.alternatives, segments, message.body, message.text)


def _written(side: Side) -> bytes:
    taken = side.alternatives.to_bytes((side.alternatives.bit_length() + 7) // 8, "big")
    return (
        side.id + side.digest + _NUMBERS.pack(side.line, side.segments, len(taken), len(side.body)) + taken + side.body
    )


def _sides(data: bytes) -> Iterator[Side]:
    at = 0
    while at < len(data):
        identity = data[at : at + ID_BYTES]
        at += ID_BYTES
        digest = data[at : at + DIGEST_BYTES]
        at += DIGEST_BYTES
        line, segments, width, length = _NUMBERS.unpack_from(data, at)
        at += _NUMBERS.size
        taken = int.from_bytes(data[at : at + width], "big")
        at += width
        body = data[at : at + length]
        yield Side(identity, digest, line, taken, segments, body, text_of(orjson.loads(body)))
        at += length
