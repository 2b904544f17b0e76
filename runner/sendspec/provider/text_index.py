"""Finds known texts in other texts, whole or in part, both in their folded form."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.provider.encoded_text import Span
from sendspec.provider.folded_text import folded

MIN_TEXT = 8
"""Characters of the shortest text that is found; of a shorter one, too much would match by chance."""
MIN_FOLDED = 5
BLOCK = 10
BLOCK_STEP = 8
"""Any part of BLOCK + BLOCK_STEP - 1 folded characters holds a whole block."""
MAX_SHARED = 8
"""Texts that are looked at for one block: messages of one template share most of theirs."""


class TextIndex:
    """Texts by their blocks. `size` counts the folded characters added."""

    __slots__ = ("_blocks", "_lengths", "size")

    def __init__(self) -> None:
        self._blocks: dict[str, list[tuple[str, int]]] = {}
        self._lengths: set[int] = set()
        self.size = 0

    def add(self, text: str) -> None:
        """Adds a text; one of fewer than `MIN_TEXT` characters is ignored."""
        if len(text.strip()) < MIN_TEXT:
            return
        known = folded(text)
        last = len(known) - BLOCK
        if last < 0:
            if len(known) >= MIN_FOLDED:
                self._add_block(known, known, 0)
            return
        for start in range(0, last, BLOCK_STEP):
            self._add_block(known[start : start + BLOCK], known, start)
        self._add_block(known[last:], known, last)

    def _add_block(self, block: str, known: str, start: int) -> None:
        sharing = self._blocks.setdefault(block, [])
        if len(sharing) < MAX_SHARED:
            sharing.append((known, start))
        self._lengths.add(len(block))
        self.size += len(block)

    def spans(self, text: str) -> Iterator[Span]:
        """Where folded `text` has a known text or a part of one."""
        blocks = self._blocks
        for length in self._lengths:
            for start in range(len(text) - length + 1):
                for known in blocks.get(text[start : start + length], ()):
                    yield _extended(text, start, length, *known)


def _extended(text: str, start: int, length: int, known: str, known_start: int) -> Span:
    """The block, extended as far as the two texts agree. Beyond `BLOCK_STEP`, the next block has its own match."""
    end, known_end = start + length, known_start + length
    first, last = max(0, start - BLOCK_STEP), min(len(text), end + BLOCK_STEP)
    while start > first and known_start > 0 and text[start - 1] == known[known_start - 1]:
        start, known_start = start - 1, known_start - 1
    while end < last and known_end < len(known) and text[end] == known[known_end]:
        end, known_end = end + 1, known_end + 1
    return start, end
