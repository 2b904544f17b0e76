"""Converts offsets into a text to lines and columns as editors count them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate

from sendspec.diagnostics.characters import with_visible_characters
from sendspec.diagnostics.leaked_key import hide_keys
from sendspec.diagnostics.position import Position, Span
from sendspec.diagnostics.redaction import mask_in_place


class LineIndex:
    """A text with `\\n` line ends, and the offset of each line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._excerpt = lru_cache(maxsize=16)(self._masked_line)

    @cached_property
    def _starts(self) -> list[int]:
        *lines, _last = self.text.split("\n")
        return [before + ends for ends, before in enumerate(accumulate(map(len, lines), initial=0))]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def span(self, start: int, end: int) -> Span:
        """From the character at `start` up to, not including, the one at `end`."""
        return Span(self.position(start), self.position(end))

    def line_at(self, offset: int) -> tuple[int, int]:
        """The offsets of the start of the line around `offset`, and of its `\\n`."""
        end = self.text.find("\n", offset)
        return self.text.rfind("\n", 0, offset) + 1, end if end >= 0 else len(self.text)

    def excerpt(self, line: int, secrets: tuple[tuple[int, int], ...] = ()) -> str:
        """A line made fit to show: phone numbers, access keys and what is between the offsets of `secrets` masked, every character still
        in its column."""
        return self._excerpt(line, secrets) if 0 < line <= len(self._starts) else ""

    def _masked_line(self, line: int, secrets: tuple[tuple[int, int], ...]) -> str:
        start, end = self.line_at(self._starts[line - 1])
        shown = self.text[start:end]
        for first, last in secrets:
            begin, stop = max(first - start, 0), min(last, end) - start
            if begin < stop:
                shown = shown[:begin] + "•" * (stop - begin) + shown[stop:]
        return with_visible_characters(mask_in_place(hide_keys(shown)))
