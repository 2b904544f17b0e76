"""Where each character of a decoded scalar stands in the file's own text."""

from __future__ import annotations

import re

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_HEADER = re.compile(r"[|>](?:([1-9])[+-]?|[+-]([1-9])?)?[ \t]*(?:#[^\n]*)?\n")
_SIMPLE_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}

Decoded = list[tuple[str, int]]
"""Each decoded character with the offset it comes from."""


def offsets_of(text: str, start: int, end: int, value: str) -> list[int] | None:
    """The offset in `text` of each character of `value`, and one past the last; None where that is not certain.

    `start` and `end` are the parser's marks of the scalar. What is found is compared with the parser's own value.
    """
    properties = _PROPERTIES.match(text, start, end)
    begin = properties.end() if properties else start
    opening = text[begin : begin + 1]
    try:
        if opening in ("|", ">"):
            decoded = _block(text, begin, end)
        elif opening == "'":
            decoded = _flow(text, begin + 1, end - 1, _single)
        elif opening == '"':
            decoded = _flow(text, begin + 1, end - 1, _double)
        else:
            decoded = _flow(text, begin, end, None)
    except (ValueError, IndexError, KeyError):
        return None
    if "".join(character for character, _ in decoded) != value:
        return None
    offsets = [offset for _, offset in decoded]
    return [*offsets, offsets[-1] + 1] if offsets else None


def _single(text: str, at: int) -> tuple[str, int]:
    if text[at] == "'":
        return "'", 2
    return text[at], 1


def _double(text: str, at: int) -> tuple[str, int]:
    if text[at] != "\\":
        return text[at], 1
    letter = text[at + 1]
    if letter in _HEX_ESCAPES:
        width = _HEX_ESCAPES[letter]
        return chr(int(text[at + 2 : at + 2 + width], 16)), 2 + width
    return _SIMPLE_ESCAPES[letter], 2


def _flow(text: str, at: int, end: int, decode: object) -> Decoded:
    """Plain and quoted scalars: a line break is a space, more of them are line breaks."""
    decoded: Decoded = []
    while at < end:
        if decode is _double and text.startswith("\\\n", at):
            at = _skip_blank(text, at + 2, end)
            continue
        blank = _blank_run(text, at, end)
        if blank is not None:
            decoded += _folded(text, at, blank)
            at = blank
            continue
        character, width = decode(text, at) if callable(decode) else (text[at], 1)
        decoded.append((character, at))
        at += width
    return decoded


def _blank_run(text: str, at: int, end: int) -> int | None:
    """The end of a run of blanks that holds a line break, if one begins at `at`."""
    stop = at
    while stop < end and text[stop] in " \t\n":
        stop += 1
    return stop if "\n" in text[at:stop] else None


def _skip_blank(text: str, at: int, end: int) -> int:
    while at < end and text[at] in " \t":
        at += 1
    return at


def _folded(text: str, start: int, end: int) -> Decoded:
    breaks = [offset for offset in range(start, end) if text[offset] == "\n"]
    return [(" ", breaks[0])] if len(breaks) == 1 else [("\n", offset) for offset in breaks[1:]]


def _block(text: str, begin: int, end: int) -> Decoded:
    header = _HEADER.match(text, begin)
    if header is None:
        raise ValueError
    lines = _lines(text, header.end(), end)
    indent = _indent(text, begin, lines, header[1] or header[2])
    literal = text[begin] == "|"
    strip, keep = "-" in header[0].split("#")[0], "+" in header[0].split("#")[0]
    cut = [(start + min(indent, stop - start), stop) for start, stop in lines]
    content = [(start, stop) for start, stop in cut]
    while content and content[-1][0] >= content[-1][1]:
        content.pop()
    decoded = _joined(text, content, literal)
    if content and not strip:
        decoded.append(("\n", content[-1][1]))
    if keep:
        decoded += [("\n", stop) for _, stop in cut[len(content) :] if stop < len(text) and text[stop] == "\n"]
    return decoded


def _lines(text: str, at: int, end: int) -> list[tuple[int, int]]:
    lines = []
    while at < end:
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        lines.append((at, stop))
        at = stop + 1
    return lines


def _indent(text: str, begin: int, lines: list[tuple[int, int]], stated: str | None) -> int:
    widths = [stop - start - len(text[start:stop].lstrip(" ")) for start, stop in lines if text[start:stop].strip(" ")]
    if not widths:
        return 0
    if stated is None:
        return widths[0]
    line = text.rfind("\n", 0, begin) + 1
    parent = len(text[line:begin]) - len(text[line:begin].lstrip(" "))
    return parent + int(stated)


def _joined(text: str, content: list[tuple[int, int]], literal: bool) -> Decoded:
    decoded: Decoded = []
    for n, (start, stop) in enumerate(content):
        if n:
            decoded += _break(text, content, n, literal)
        decoded += [(text[offset], offset) for offset in range(start, stop)]
    return decoded


def _break(text: str, content: list[tuple[int, int]], n: int, literal: bool) -> Decoded:
    """What stands for the line break before line `n`."""
    at = content[n - 1][1]
    if literal:
        return [("\n", at)]
    here, before = content[n], content[n - 1]
    empty_here, empty_before = here[0] >= here[1], before[0] >= before[1]
    if empty_here:
        return [] if not _spaced_before(text, content, n) and not empty_before else [("\n", at)]
    if text[here[0]] in " \t":
        return [("\n", at)]
    if empty_before:
        return [("\n", at)]
    return [("\n", at)] if text[before[0]] in " \t" else [(" ", at)]


def _spaced_before(text: str, content: list[tuple[int, int]], n: int) -> bool:
    """Whether the last line with content before `n` is indented further: breaks around such lines are kept."""
    for start, stop in reversed(content[:n]):
        if start < stop:
            return text[start] in " \t"
    return True
