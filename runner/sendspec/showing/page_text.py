"""A page of the documentation as text for a terminal: the Markdown that our pages use, and no other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.showing.terminal_style import TerminalStyle

_LINK = lazy_pattern(r"\[([^\]]*)\]\([^)]*\)")
_ITEM = lazy_pattern(r"(- |\d+\. )")
_CELL = lazy_pattern(r"(?<!\\)\|")
_CODE = lazy_pattern(r"`[^`]{1,200}`")
_NO_BREAK = "\0"
_GAP = 2


def page_text(markdown: str, style: TerminalStyle) -> str:
    """`markdown` in lines of the terminal's width; blocks that quote a file or a command keep their lines."""
    shown: list[str] = []
    was_item = False
    for lines in _blocks(markdown.splitlines()):
        is_item = _ITEM.match(lines[0]) is not None
        shown += ["", *_shown(lines, style)] if shown and not (is_item and was_item) else _shown(lines, style)
        was_item = is_item
    return "\n".join(shown) + "\n"


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines of each paragraph, list item, table and fenced block."""
    block: list[str] = []
    is_fenced = False
    for line in lines:
        if line.startswith("```"):
            if not is_fenced and block:
                yield block
                block = []
            is_fenced = not is_fenced
        elif not is_fenced and (not line or _ITEM.match(line)) and block and not block[0].startswith("```"):
            yield block
            block = []
        if line or is_fenced:
            block.append(line)
        if line.startswith("```") and not is_fenced:
            yield block
            block = []
    if block:
        yield block


def _shown(lines: Sequence[str], style: TerminalStyle) -> Iterator[str]:
    first = lines[0]
    if first.startswith("```"):
        yield from (f"    {line}" if line else "" for line in lines[1:-1])
    elif first.startswith("#"):
        yield style.bold(_plain(first.lstrip("# ")))
    elif first.startswith("|"):
        yield from _table([_cells(line) for line in (first, *lines[2:])], style)
    else:
        item = _ITEM.match(first)
        text = _plain(" ".join(line.strip() for line in lines))
        yield from prose(text, style.width, " " * (len(item[0]) if item else 0))


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip().replace("\\|", "|")) for cell in _CELL.split(line)[1:-1]]


def _table(rows: Sequence[Sequence[str]], style: TerminalStyle) -> Iterator[str]:
    """Columns as wide as their texts; where that is too wide, the later ones share what the first leaves."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + _GAP * (len(widths) - 1) > style.width:
        share = (style.width - widths[0] - _GAP * (len(widths) - 1)) // (len(widths) - 1)
        widths = [widths[0], *(max(share, 10) for _ in widths[1:])]
    for number, row in enumerate(rows):
        wrapped = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*wrapped, fillvalue=""):
            shown = (" " * _GAP).join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            yield style.bold(shown) if number == 0 else shown


def prose(text: str, width: int, indent: str = "") -> list[str]:
    """Running text in lines; those after the first begin with `indent`. What is between backticks stays on one line."""
    whole = _CODE.sub(lambda found: found[0].replace(" ", _NO_BREAK), text)
    return [line.replace(_NO_BREAK, " ") for line in _wrapped(whole, width, indent)]


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _plain(text: str) -> str:
    return _LINK.sub(r"\1", text).replace("**", "")
