"""Foreign text in Markdown. It stands in code spans only: nothing in it acts there, and every character comes back.

A backslash before a character is not enough: services look for mentions, numbers of issues and links in what was rendered. They
leave code alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from itertools import count

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import is_all_visible, printable

JOINERS = "\u200c\u200d"
"""They make one picture of several emoji, and join letters of some scripts."""
LINE_END = "⏎"
"""A line end that is removed or added. Ours stands outside of code."""
NAME_LENGTH = 80
MOST_CHARACTERS, MOST_LINES = 1_500, 40
"""What is shown of one message."""
_BACKTICKS = lazy_pattern("`+")
_JOINED = lazy_pattern(rf"(?<=[^\x00-\x7f])([{JOINERS}])(?=[^\x00-\x7f])")


class Mark(StrEnum):
    """How a part of a message differs from the other version. The words are HTML's."""

    REMOVED = "del"
    ADDED = "ins"


def visible(text: str) -> str:
    """`text` with escapes for characters that nobody sees, but for joiners between characters that need them."""
    if is_all_visible(text):
        return text
    parts = _JOINED.split(text)
    return "".join(part if number % 2 else printable(part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """One line of foreign text. A line end in it becomes `\\n`."""
    return _span(visible(text)) if text else "(empty)"


def name(text: str, most: int = NAME_LENGTH) -> str:
    """A name or path, shortened in its middle if it is longer than any is meant to be."""
    if len(text) <= most:
        return code(text)
    half = most // 2
    return code(f"{whole(text, half)}…{text[1 - half :]}")


def cell(text: str) -> str:
    """A name in a cell of a table. GitHub's tables know no other escape, also in code."""
    return name(text).replace("|", "\\|")


def whole(text: str, most: int) -> str:
    """The beginning of `text`, at most as long, that ends between two characters as people see them."""
    end = min(most, len(text))
    while 0 < end < len(text) and (_continues(text[end]) or text[end - 1] in JOINERS):
        end -= 1
    return text[: end or min(most, len(text))]


def _continues(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) in ("Mn", "Me", "Mc") or "🏻" <= character <= "🏿"


def message(text: str) -> str:
    """A message as a quotation: each of its lines in code, which wraps. A long one is shortened, and says by how much."""
    return marked_message([(text, None)])


def marked_message(parts: Iterable[tuple[str, Mark | None]]) -> str:
    """As `message`, of a text in parts, some of which are marked."""
    merged = _merged(parts)
    text = "".join(part for part, _ in merged)
    if not text:
        return "> (empty)"
    kept = _beginning(text)
    lines = _lines(merged, len(kept))
    more = len(text) - len(kept)
    if more:
        lines.append(f"… and {more:,} more {'character' if more == 1 else 'characters'}")
    return "> " + "<br>".join(lines)


def _merged(parts: Iterable[tuple[str, Mark | None]]) -> list[tuple[str, Mark | None]]:
    """The parts without empty ones, and with neighbours of one kind as one: two spans can't touch each other."""
    merged: list[tuple[str, Mark | None]] = []
    for text, mark in parts:
        if merged and merged[-1][1] is mark:
            merged[-1] = (merged[-1][0] + text, mark)
        elif text:
            merged.append((text, mark))
    return merged


def _beginning(text: str) -> str:
    lines = text.split("\n", MOST_LINES)
    few = text if len(lines) <= MOST_LINES else "\n".join(lines[:MOST_LINES])
    return few if len(few) <= MOST_CHARACTERS else whole(few, MOST_CHARACTERS)


def _lines(parts: Iterable[tuple[str, Mark | None]], most: int) -> list[str]:
    """The first `most` characters, line by line."""
    lines = [""]
    for text, mark in parts:
        for number, line in enumerate(text[:most].split("\n") if most else ()):
            if number:
                lines[-1] += f"<{mark}>{LINE_END}</{mark}>" if mark is not None else ""
                lines.append("")
            lines[-1] += _marked(line, mark)
        most -= min(most, len(text))
    return lines


def _marked(line: str, mark: Mark | None) -> str:
    shown = _span(visible(line)) if line else ""
    return shown if mark is None or not shown else f"<{mark}>{shown}</{mark}>"


def _span(shown: str) -> str:
    """A code span. Its fence is the shortest that isn't in it: cmark knows none of more than 80 backticks."""
    runs = {len(run) for run in _BACKTICKS.findall(shown)}
    fence = "`" * next(length for length in count(1) if length not in runs)
    ends = shown[0] + shown[-1]
    pad = " " if "`" in ends or (ends == "  " and shown.strip(" ")) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
