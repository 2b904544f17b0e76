"""Compares two texts word by word: the longest common subsequence of their words, white space and punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import compress, count, islice
from operator import ne

from sendspec.planning.base_change import Piece, PieceKind

MOST_BITS = 40_000_000
"""The largest table of common subsequences, in bits, so 5 MB. Parts of texts that need more are shown as replaced whole."""
_SIGN = r"!-/:-@\[-`{-~¡-¿\u2010-\u205e\u3000-\u303f\uff01-\uff0f"
_CHARACTER_WORD = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Kana and Han, which are written without spaces: each character is a word."""
_WORD = rf"[^\s{_SIGN}{_CHARACTER_WORD}]+"
_TOKEN = re.compile(rf"\s+|{_WORD}(?:(?:[.'’_@:-]|(?<=\d),(?=\d)){_WORD})*|[\s\S]")
"""White space, a word such as `don't`, `12.50` or `A-1001`, or a single sign."""
_HAS_WORD = re.compile(rf"[^\s{_SIGN}]")


def text_pieces(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces of both texts in order. What is removed comes before what is added in its place."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    start, end = _alike(old, new)
    middle = _differences(old[start : len(old) - end], new[start : len(new) - end])
    first, last = old[:start], old[len(old) - end :]
    same = PieceKind.SAME
    return tuple(_joined([*((same, token) for token in first), *middle, *((same, token) for token in last)]))


def changed_middle(before: str, after: str) -> tuple[str, str]:
    """Both texts without the words that they begin and end with alike. Texts with the same middles have the same changes."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    start, end = _alike(old, new)
    return "".join(old[start : len(old) - end]), "".join(new[start : len(new) - end])


def _alike(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many tokens both begin with, and how many of the others both end with."""
    shorter = min(len(old), len(new))
    start = next(compress(count(), map(ne, old, new)), shorter)
    ends = map(ne, reversed(old), reversed(new))
    return start, next(compress(count(), islice(ends, shorter - start)), shorter - start)


def changes_in(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces that are not the same in both texts: what makes two changes identical."""
    return tuple(piece for piece in pieces if piece.kind is not PieceKind.SAME)


def _differences(old: Sequence[str], new: Sequence[str]) -> list[tuple[PieceKind, str]]:
    if len(old) * len(new) > MOST_BITS:
        return [*((PieceKind.REMOVED, token) for token in old), *((PieceKind.ADDED, token) for token in new)]
    return list(reversed(list(_backwards(old, new, _rows(old, new)))))


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


def _backwards(old: Sequence[str], new: Sequence[str], rows: Sequence[int]) -> Iterator[tuple[PieceKind, str]]:
    """The tokens of both sides from the end on, along a longest common subsequence. Of one place, those that are added come first."""
    at_old, at_new = len(old), len(new)
    while at_old and at_new:
        if rows[at_old] >> at_new - 1 & 1:
            at_new -= 1
            yield PieceKind.ADDED, new[at_new]
            continue
        at_old -= 1
        if not rows[at_old] >> at_new - 1 & 1:
            yield PieceKind.REMOVED, old[at_old]
        else:
            at_new -= 1
            yield PieceKind.SAME, old[at_old]
    yield from ((PieceKind.ADDED, token) for token in reversed(new[:at_new]))
    yield from ((PieceKind.REMOVED, token) for token in reversed(old[:at_old]))


def _joined(tokens: Sequence[tuple[PieceKind, str]]) -> Iterator[Piece]:
    """The tokens as pieces. White space and signs alone don't interrupt a change: `[-a b-]{+c d+}`, not `[-a-]{+c+} [-b-]{+d+}`."""
    removed: list[str] = []
    added: list[str] = []
    same: list[str] = []

    def change() -> Iterator[Piece]:
        if removed:
            yield Piece(PieceKind.REMOVED, "".join(removed))
        if added:
            yield Piece(PieceKind.ADDED, "".join(added))
        removed.clear()
        added.clear()

    for kind, token in tokens:
        if kind is PieceKind.SAME:
            same.append(token)
            continue
        if same and (removed or added) and not _HAS_WORD.search("".join(same)):
            removed += same
            added += same
        elif same:
            yield from change()
            yield Piece(PieceKind.SAME, "".join(same))
        same.clear()
        (removed if kind is PieceKind.REMOVED else added).append(token)
    yield from change()
    if same:
        yield Piece(PieceKind.SAME, "".join(same))
