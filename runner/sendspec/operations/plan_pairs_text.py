"""The pairs of a plan file as text: one a line, sorted, 59 bytes each.

A line holds 22 characters of base64url for the id's 16 bytes, 32 for the digest's 24, and a mark: `+` for a message to be sent, `-` for
any other that the files declare.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence

from sendspec.composing.identity import DIGEST_BYTES, ID_BYTES
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.planning.pair_set import PAIR_BYTES, PairSet, marked_bucket

ENTRY_BYTES = PAIR_BYTES + 1
"""A pair with its mark."""
ID_CHARACTERS, DIGEST_CHARACTERS = 22, 32
TEXT_CHARACTERS = ID_CHARACTERS + DIGEST_CHARACTERS + 1
LINE_BYTES = TEXT_CHARACTERS + 4
"""With its quotes, its comma and its line end."""
_PADDED_ID = 18
"""Bytes that an id takes among others, as base64 turns three bytes into four characters."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_IN_TEXT_ORDER = sorted(range(64), key=_ALPHABET.__getitem__)
_LINES = lazy_pattern(rb'(?:"[A-Za-z0-9_-]{54}[+-]",\n)*')


class NotPairs(Exception):
    """The lines are not pairs as sendspec writes them."""


def pair_lines(marked: Sequence[PairSet], others: Sequence[PairSet]) -> Iterator[list[str]]:
    """The pairs as text, sorted, a few thousand at a time."""
    for first in _IN_TEXT_ORDER:  # the first character holds six bits: the buckets of four first bytes
        entries = [entry for byte in range(first * 4, first * 4 + 4) for entry in marked_bucket(marked, others, byte)]
        if entries:
            yield sorted(_encoded(entries))


def _encoded(entries: Sequence[bytes]) -> list[str]:
    ids = urlsafe_b64encode(b"".join([entry[:ID_BYTES] + b"\0\0" for entry in entries])).decode()
    digests = urlsafe_b64encode(b"".join([entry[ID_BYTES:PAIR_BYTES] for entry in entries])).decode()
    return [
        f"{ids[24 * n : 24 * n + ID_CHARACTERS]}{digests[32 * n : 32 * n + 32]}{chr(entry[PAIR_BYTES])}"
        for n, entry in enumerate(entries)
    ]


class PairReader:
    """Reads lines of pairs into a set, and refuses any that sendspec would not have written, or in another order."""

    def __init__(self, pairs: PairSet) -> None:
        self.to_send = 0
        self._pairs = pairs
        self._last = b""

    def read(self, lines: bytes) -> None:
        """Adds whole lines of `LINE_BYTES` each. Raises `NotPairs`."""
        if not _LINES.fullmatch(lines):
            raise NotPairs
        starts = range(1, len(lines), LINE_BYTES)
        ids = [lines[at : at + ID_CHARACTERS] for at in starts]
        if any(one >= other for one, other in zip([self._last, *ids], ids, strict=False)):
            raise NotPairs
        raw_ids = urlsafe_b64decode(b"AA".join([*ids, b""]))
        digests = urlsafe_b64decode(b"".join([lines[at + ID_CHARACTERS : at + TEXT_CHARACTERS - 1] for at in starts]))
        if any(raw_ids[ID_BYTES::_PADDED_ID]):  # bits of the last character that are no part of the id
            raise NotPairs
        marks = lines[TEXT_CHARACTERS::LINE_BYTES]
        self._pairs.add(
            [
                raw_ids[_PADDED_ID * n : _PADDED_ID * n + ID_BYTES]
                + digests[DIGEST_BYTES * n : DIGEST_BYTES * (n + 1)]
                + marks[n : n + 1]
                for n in range(len(ids))
            ]
        )
        self.to_send += marks.count(b"+")
        self._last = ids[-1] if ids else self._last
