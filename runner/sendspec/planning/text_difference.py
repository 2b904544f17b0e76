"""Compares two texts word by word: the longest common subsequence of their words, white space and punctuation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import compress, count, islice, repeat
from operator import ne
from typing import TypeAlias

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.planning.base_change import Piece, PieceKind

MOST_BITS = 40_000_000
"""The largest table of common subsequences, in bits, so 5 MB. Parts of texts that need more are shown as replaced whole."""
_SIGN = r"!-/:-@\[-`{-~¡-¿\u2010-\u205e\u3000-\u303f\uff01-\uff0f"
_CHARACTER_WORD = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Kana and Han, which are written without spaces: each character is a word."""
_WORD = rf"[^\s{_SIGN}{_CHARACTER_WORD}]+"
_TOKEN = lazy_pattern(rf"\s+|{_WORD}(?:(?:[.'’_@:-]|(?<=\d),(?=\d)){_WORD})*|[\s\S]")
"""White space, a word such as `don't`, `12.50` or `A-1001`, or a single sign."""
_HAS_WORD = lazy_pattern(rf"[^\s{_SIGN}]")
"""Matches a token that is a word."""
MAX_WORK = 50_000_000_000
"""Bits of all tables for the messages of one spec: some ten seconds."""
MAX_REMEMBERED = 200_000
"""Tokens of pairs that are remembered."""
_Slices: TypeAlias = tuple[tuple[PieceKind, int, int], ...]


def text_pieces(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces of both texts in order. What is removed comes before what is added in its place."""
    return TextComparison().pieces(before, after)


class TextComparison:
    """Compares one pair of texts after another.

    Where texts differ depends on which of their words are equal, not on the words: pairs in which the same ones are equal are compared once.
    So messages of one template cost little.
    """

    def __init__(self, most_work: int = MAX_WORK) -> None:
        """`most_work` is how many bits all tables may have together. From then on, what differs is replaced whole."""
        self._left = most_work
        self._known: dict[tuple[int, ...], _Slices] = {}
        self._remembered = 0

    def pieces(self, before: str, after: str) -> tuple[Piece, ...]:
        """See `text_pieces`."""
        tokens = (_TOKEN.findall(before), _TOKEN.findall(after))
        return tuple(
            Piece(kind, "".join(tokens[kind is PieceKind.ADDED][start:end]))
            for kind, start, end in self._slices(*tokens)
        )

    def change(self, before: str, after: str) -> bytes:
        """16 bytes that identify the sequence of what is removed and added, whatever is the same around it."""
        tokens = (_TOKEN.findall(before), _TOKEN.findall(after))
        parts = []
        for kind, start, end in self._slices(*tokens):
            if kind is not PieceKind.SAME:
                is_added = kind is PieceKind.ADDED
                text = "".join(tokens[is_added][start:end])
                parts.append(f"{is_added:d}{len(text)} {text}")
        return blake2b("".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _slices(self, old: list[str], new: list[str]) -> _Slices:
        """The pieces as slices of the tokens: of `new` for those that are added, else of `old`."""
        numbers = _TokenNumbers()
        equal = (*map(numbers.__getitem__, old), -1, *map(numbers.__getitem__, new))
        known = self._known.get(equal)
        if known is None:
            known = tuple(_joined(self._compared(old, new), old))
            if self._remembered > MAX_REMEMBERED:
                self._known.clear()
                self._remembered = 0
            self._known[equal] = known
            self._remembered += len(equal)
        return known

    def _compared(self, old: list[str], new: list[str]) -> Iterator[PieceKind]:
        """What becomes of each token, in order."""
        start, end = _alike(old, new)
        yield from repeat(PieceKind.SAME, start)
        yield from self._differences(old[start : len(old) - end], new[start : len(new) - end])
        yield from repeat(PieceKind.SAME, end)

    def _differences(self, old: list[str], new: list[str]) -> list[PieceKind]:
        work = len(old) * len(new)
        self._left -= work
        if work > MOST_BITS or self._left < 0:
            return [*repeat(PieceKind.REMOVED, len(old)), *repeat(PieceKind.ADDED, len(new))]
        return list(reversed(list(_backwards(len(old), len(new), _rows(old, new)))))


class _TokenNumbers(dict[str, int]):
    """Numbers tokens as they come. Those of words are odd."""

    def __missing__(self, token: str) -> int:
        number = self[token] = 2 * len(self) + (_HAS_WORD.match(token) is not None)
        return number


def _alike(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many tokens both begin with, and how many of the others both end with."""
    shorter = min(len(old), len(new))
    start = next(compress(count(), map(ne, old, new)), shorter)
    ends = map(ne, reversed(old), reversed(new))
    return start, next(compress(count(), islice(ends, shorter - start)), shorter - start)


def _rows(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """A row of bits for each number of `old`'s tokens. A bit is 0 where one more token of `new` makes the common subsequence longer.

    The bit-parallel algorithm of Crochemore et al. (2001): a row costs one addition of a long number.
    """
    places: dict[str, int] = {}
    for index, token in enumerate(new):
        places[token] = places.get(token, 0) | 1 << index
    all_ones = (1 << len(new)) - 1
    row = all_ones
    rows = [row]
    for token in old:
        matched = row & places.get(token, 0)
        row = (row + matched | row - matched) & all_ones
        rows.append(row)
    return rows


def _backwards(at_old: int, at_new: int, rows: Sequence[int]) -> Iterator[PieceKind]:
    """The tokens of both sides from the end on, along a longest common subsequence. Of one place, those that are added come first."""
    while at_old and at_new:
        if rows[at_old] >> at_new - 1 & 1:
            at_new -= 1
            yield PieceKind.ADDED
            continue
        at_old -= 1
        if not rows[at_old] >> at_new - 1 & 1:
            yield PieceKind.REMOVED
        else:
            at_new -= 1
            yield PieceKind.SAME
    yield from repeat(PieceKind.ADDED, at_new)
    yield from repeat(PieceKind.REMOVED, at_old)


def _joined(kinds: Iterable[PieceKind], old: Sequence[str]) -> Iterator[tuple[PieceKind, int, int]]:
    """The tokens as slices. White space and signs alone don't interrupt a change: `[-a b-]{+c d+}`, not `[-a-]{+c+} [-b-]{+d+}`.

    Every token is in exactly one slice of its side, but for what is between two changes: that is removed, and added again.
    """
    at_old = at_new = 0  # where the next piece begins
    next_old = next_new = 0
    same = 0  # tokens that are the same, since the last change
    for kind in kinds:
        if kind is PieceKind.SAME:
            same += 1
            continue
        is_change = at_old < next_old or at_new < next_new
        if same and not (is_change and not any(map(_HAS_WORD.match, old[next_old : next_old + same]))):
            yield from _change(at_old, next_old, at_new, next_new)
            yield PieceKind.SAME, next_old, next_old + same
            at_old, at_new = next_old + same, next_new + same
        next_old, next_new, same = next_old + same, next_new + same, 0
        if kind is PieceKind.REMOVED:
            next_old += 1
        else:
            next_new += 1
    yield from _change(at_old, next_old, at_new, next_new)
    if same:
        yield PieceKind.SAME, next_old, next_old + same


def _change(at_old: int, end_old: int, at_new: int, end_new: int) -> Iterator[tuple[PieceKind, int, int]]:
    if at_old < end_old:
        yield PieceKind.REMOVED, at_old, end_old
    if at_new < end_new:
        yield PieceKind.ADDED, at_new, end_new
