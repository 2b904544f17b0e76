"""The pairs of a plan: what identifies each message and what it would say, sorted, so that the order of rows doesn't matter.

A pair is 40 bytes: the message's id, then a digest of its payload and of the user's own reference. A mark may follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from sendspec.composing.identity import DIGEST_BYTES, FINGERPRINT_BYTES, ID_BYTES, id_text, reference_hash
from sendspec.composing.message import Message

PAIR_BYTES = FINGERPRINT_BYTES
BUCKETS = 256
"""Pairs are sorted one bucket after another: ids are evenly spread hashes, so a bucket is small."""
MAX_UNJOINED = 10_000
"""Entries that wait to be joined to their buckets."""
MAX_HELD = 1_000_000
"""Bytes of pairs kept in memory, where a store takes the rest."""


def pair_of(fingerprint: bytes, hashed_reference: bytes) -> bytes:
    """The pair of a message with a reference of the user's own. Without one, it is the fingerprint itself."""
    identity, digest = fingerprint[:ID_BYTES], fingerprint[ID_BYTES:]
    if hashed_reference == reference_hash(id_text(identity)):
        return fingerprint
    return identity + blake2b(digest + hashed_reference, digest_size=DIGEST_BYTES, person=b"sendspec pair").digest()


def pair_of_message(message: Message) -> bytes:
    return pair_of(message.id + message.digest, reference_hash(message.reference))


class Store(Protocol):
    """Keeps bytes that a long list has no room for in memory."""

    def append(self, data: bytes) -> int:
        """Keeps `data`; returns where. Raises OSError when there is no room."""

    def read(self, offset: int, length: int) -> bytes: ...


class PairSet:
    """Entries that begin with an id, all of one length. No two have the same id."""

    def __init__(self, size: int = PAIR_BYTES, store: Store | None = None) -> None:
        """`size` is an entry's length in bytes. Without room in `store`, everything is kept in memory."""
        self._size = size
        self._store = store
        self._new: list[list[bytes]] = [[] for _ in range(BUCKETS)]
        self._joined = [bytearray() for _ in range(BUCKETS)]
        self._stored: list[list[tuple[int, int]]] = [[] for _ in range(BUCKETS)]
        self._count = 0
        self._unjoined = 0
        self._held = 0

    def __len__(self) -> int:
        return self._count

    def add(self, entries: Sequence[bytes]) -> None:
        new = self._new
        for entry in entries:
            new[entry[0]].append(entry)
        self._count += len(entries)
        self._unjoined += len(entries)
        if self._unjoined >= MAX_UNJOINED:
            self._join()
            if self._held > MAX_HELD and self._store is not None:
                self._spill(self._store)

    def bucket(self, number: int) -> list[bytes]:
        """The entries whose first byte is `number`, sorted."""
        return [entry.encode("latin-1") for entry in self._sorted(number)]

    def joined_bucket(self, number: int) -> bytes:
        return "".join(self._sorted(number)).encode("latin-1")

    def _sorted(self, number: int) -> list[str]:
        """As text of one byte a character, which sorts faster than bytes, and in the same order."""
        stored = [self._read(*place) for place in self._stored[number]]
        joined = b"".join([*stored, self._joined[number], *self._new[number]])
        text = joined.decode("latin-1")
        entries = [text[at : at + self._size] for at in range(0, len(text), self._size)]
        entries.sort()
        return entries

    def _read(self, offset: int, length: int) -> bytes:
        assert self._store is not None
        return self._store.read(offset, length)

    def _join(self) -> None:
        """Joins the new entries to their buckets. Separate objects take twice the memory; joining one at a time takes three times as long."""
        for number, entries in enumerate(self._new):
            if entries:
                self._joined[number] += b"".join(entries)
                entries.clear()
        self._held += self._unjoined * self._size
        self._unjoined = 0

    def _spill(self, store: Store) -> None:
        for number, bucket in enumerate(self._joined):
            if bucket:
                try:
                    offset = store.append(bytes(bucket))
                except OSError:
                    self._held = -(1 << 62)  # there is no room: everything else stays in memory
                    return
                self._stored[number].append((offset, len(bucket)))
                self._held -= len(bucket)
                self._joined[number] = bytearray()


def joined_bucket(sets: Sequence[PairSet], number: int) -> bytes:
    """The entries of all `sets` whose first byte is `number`, sorted and joined."""
    filled = [each for each in sets if len(each)]
    if len(filled) == 1:
        return filled[0].joined_bucket(number)
    return b"".join(sorted(entry for each in filled for entry in each.bucket(number)))


def marked_bucket(marked: Sequence[PairSet], others: Sequence[PairSet], number: int) -> list[bytes]:
    """The entries whose first byte is `number`, each with a mark: `+` for those in `marked`, `-` for the others."""
    sent = [entry + b"+" for each in marked for entry in each.bucket(number)]
    return [*sent, *(entry + b"-" for each in others for entry in each.bucket(number))]
