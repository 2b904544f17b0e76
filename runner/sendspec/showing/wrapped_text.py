"""Lines that are too long for a terminal, broken between words and, where there are any, between the terms of a sum or list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.showing.terminal_style import cells

HANG = 4
"""Continuation lines are indented by so much more than the line."""
_WORD = lazy_pattern(r"( *)((?:`[^`]{1,200}`|\"\{\{[^}]{0,200}\}\}\"|[^ ])+)")
"""What is written in the user's file, in backticks or as a quoted template, is one word."""
_STYLE = lazy_pattern(r"\x1b\[[0-9;]*m")
_OPERATORS, _TERM_ENDS = ("+", "="), ("·", ";", ",", ":")


class _Word(NamedTuple):
    gap: str
    text: str
    width: int


def wrapped(text: str, columns: int) -> str:
    """`text` with no line longer than `columns` cells, unless a single word is. Words are never broken."""
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line, columns))


def _pieces(line: str, columns: int) -> Iterator[str]:
    if cells(_STYLE.sub("", line)) <= columns:
        yield line
        return
    words = [_Word(gap, text, cells(_STYLE.sub("", text))) for gap, text in _WORD.findall(line)]
    hang = min(len(line) - len(line.lstrip(" ")) + HANG, columns // 2)
    start = 0
    if not words:
        yield ""
    while start < len(words):
        wanted = len(words[0].gap) if start == 0 else hang
        indent = " " * max(0, min(wanted, columns - words[start].width))
        end = _end_of_piece(words, start, columns - len(indent))
        rest = "".join(word.gap + word.text for word in words[start + 1 : end])
        yield indent + words[start].text + rest + ("" if end < len(words) else line[len(line.rstrip(" ")) :])
        start = end


def _end_of_piece(words: Sequence[_Word], start: int, room: int) -> int:
    """Where the piece that begins with word `start` ends: between two terms if they fill half of the room, else between two words."""
    between_terms = 0
    used = words[start].width
    for at in range(start + 1, len(words)):
        word, before = words[at], words[at - 1].text
        if used > room // 2 and (len(word.gap) > 1 or word.text in _OPERATORS or before.endswith(_TERM_ENDS)):
            between_terms = at
        used += len(word.gap) + word.width
        if used > room:
            return between_terms or at
    return len(words)
