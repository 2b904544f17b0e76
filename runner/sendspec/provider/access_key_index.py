"""Finds the access key in a text, whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sendspec.provider.encoded_text import Span
from sendspec.provider.folded_text import folded

KEY_PART = 8
"""Any part of this many characters of the key is as secret as the whole key: as it is written, or of its letters and digits."""
PIECE = 3
"""Letters and digits of the shortest piece of the key that counts towards a part."""
MAX_APART = 64
"""Letters and digits that may separate two pieces of a part."""
MAX_REPEATED = 8
"""Places of one piece in the key that are compared: only a key that repeats itself has more."""

_SAME_SPACE = str.maketrans({**{chr(n): chr(n + 32) for n in range(65, 91)}, **dict.fromkeys("+\n\r\t\u00a0", " ")})
"""Ignores ASCII case and the kind of space. One character stays one character, so spans stay valid."""

_HEXADECIMAL = frozenset("0123456789abcdef")


class _Chain:
    """A piece of the key in a text, and the earlier piece that it continues, if any.

    `length` counts the key's letters in all its pieces; `run` those that end here with nothing between them.
    """

    __slots__ = ("earlier", "is_told", "length", "place", "run")

    def __init__(self, place: int, length: int, earlier: _Chain | None) -> None:
        self.place = place
        self.length = length
        self.run = PIECE
        self.earlier = earlier
        self.is_told = False


class AccessKeyIndex:
    """The key by its parts. `letters` are its letters and digits, folded; empty where they are too few to match only by intent.

    `hexadecimal` are the letters if they can be part of a UUID. A key that is too short even as it is written is found as a word only.
    """

    __slots__ = ("_parts", "_starts_by_piece", "_word", "hexadecimal", "letters")

    def __init__(self, key: str) -> None:
        letters = folded(key)
        self.letters = letters if len(letters) >= KEY_PART else ""
        self.hexadecimal = self.letters if _HEXADECIMAL.issuperset(self.letters) else ""
        self._parts: frozenset[str] = frozenset()
        if not key.isalnum():  # else each part as it is written is a part of the letters, too
            self._parts = _windows(key.translate(_SAME_SPACE), KEY_PART)
        self._starts_by_piece: dict[str, list[int]] = {}
        for start in range(len(self.letters) - PIECE + 1):
            starts = self._starts_by_piece.setdefault(letters[start : start + PIECE], [])
            if len(starts) < MAX_REPEATED:
                starts.insert(0, start)  # descending, so that no piece continues itself
        self._word = None
        if 0 < len(key) < KEY_PART and key != "sandbox":  # which is no secret
            self._word = re.compile(rf"(?<!\w){re.escape(key)}(?!\w)")

    def spans(self, text: str) -> Iterator[Span]:
        """Where `text` has the key or a part of it, as they are written."""
        if self._word is not None:
            yield from (found.span() for found in self._word.finditer(text))
        if not self._parts:
            return
        same = text.translate(_SAME_SPACE)
        for start in range(len(same) - KEY_PART + 1):
            if same[start : start + KEY_PART] in self._parts:
                yield start, start + KEY_PART

    def folded_spans(self, text: str, split_part: int) -> Iterator[Span]:
        """Where folded `text` has a part of the key, or pieces of one in their order, `split_part` of its letters in all.

        Each piece continues the one before, after `MAX_APART` other letters at most.
        """
        latest: dict[int, _Chain] = {}
        for place in range(len(text) - PIECE + 1):
            for start in self._starts_by_piece.get(text[place : place + PIECE], ()):
                chain = latest[start] = _continued(latest, start, place)
                if chain.run >= KEY_PART:
                    yield place + PIECE - chain.run, place + PIECE
                if chain.length >= split_part:
                    yield from _told(chain)


def _continued(latest: dict[int, _Chain], start: int, place: int) -> _Chain:
    """The longest chain whose last piece is that of the key at `start`, in the text at `place`."""
    chain = _Chain(place, PIECE, None)
    for more in range(1, PIECE + 1):
        earlier = latest.get(start - more)
        if earlier is None or not more <= place - earlier.place <= PIECE + MAX_APART:
            continue
        if earlier.length + more > chain.length:
            chain.length, chain.earlier = earlier.length + more, earlier
        if more == place - earlier.place == 1:
            chain.run = earlier.run + 1
    return chain


def _told(chain: _Chain | None) -> Iterator[Span]:
    """The pieces of a chain that were not told yet."""
    while chain is not None and not chain.is_told:
        chain.is_told = True
        yield chain.place, chain.place + PIECE
        chain = chain.earlier


def _windows(text: str, size: int) -> frozenset[str]:
    return frozenset(text[start : start + size] for start in range(len(text) - size + 1))
