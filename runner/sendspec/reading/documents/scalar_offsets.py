"""Maps each character of a decoded YAML scalar to its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents.scalar import joined_surrogates

_PROPERTIES = lazy_pattern(r"(?:[&!]\S*\s+)+")
_HEADER = lazy_pattern(r"[|>](?:([1-9])[+-]?|[+-]([1-9])?)?[ \t]*(?:#[^\n]*)?\n")
_SIMPLE_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}
_SURROGATES = lazy_pattern(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")

_NOT_BLANK = lazy_pattern(r"[^ \t\n]")
_NOT_INDENT = lazy_pattern(r"[^ \t]")

Decoded = list[tuple[str, int, int]]
"""Each decoded character with the start and end offsets of its source."""

Line = tuple[int, int]
"""The start and end offsets of a line's content; equal for an empty line."""


def without_properties(written: str) -> str:
    """A scalar's source without its anchor and tag."""
    found = _PROPERTIES.match(written)
    return written[found.end() :] if found else written


def offsets_of(text: str, start: int, end: int, value: str) -> list[tuple[int, int]] | None:
    """The start and end in `text` of each character of `value`; None if uncertain.

    `start` and `end` are the parser's marks of the scalar. The result is checked against the parser's value.
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
            decoded = _flow(text, begin, end, _plain)
    except (ValueError, IndexError, KeyError):
        return None
    if "".join([character for character, _, _ in decoded]) != value:
        return None
    return [(first, last) for _, first, last in decoded]


def _plain(text: str, at: int) -> tuple[str, int]:
    return text[at], 1


def _single(text: str, at: int) -> tuple[str, int]:
    return text[at], 2 if text[at] == "'" else 1


def _double(text: str, at: int) -> tuple[str, int]:
    if text[at] != "\\":
        return text[at], 1
    letter = text[at + 1]
    if letter == "\n":
        found = _NOT_INDENT.search(text, at + 2)
        return "", (len(text) if found is None else found.start()) - at
    if letter in _HEX_ESCAPES:
        width = _HEX_ESCAPES[letter]
        pair = _SURROGATES.match(text, at)
        if pair:
            return joined_surrogates(chr(int(pair[1], 16)) + chr(int(pair[2], 16))), 12
        return chr(int(text[at + 2 : at + 2 + width], 16)), 2 + width
    return _SIMPLE_ESCAPES[letter], 2


def _flow(text: str, at: int, end: int, decode: Callable[[str, int], tuple[str, int]]) -> Decoded:
    """Flow folding: one line break becomes a space, further ones stay, blanks around them vanish."""
    decoded: Decoded = []
    while at < end:
        if text[at] in " \t\n":
            stop = _blank_end(text, at, end)
            decoded += _folded(text, at, stop) if "\n" in text[at:stop] else _characters(text, (at, stop))
            at = stop
            continue
        character, width = decode(text, at)
        if character:
            decoded.append((character, at, at + width))
        at += width
    return decoded


def _blank_end(text: str, at: int, end: int) -> int:
    """The end of the run of blanks and line breaks at `at`."""
    found = _NOT_BLANK.search(text, at, end)
    return end if found is None else found.start()


def _folded(text: str, start: int, end: int) -> Decoded:
    breaks = [offset for offset in range(start, end) if text[offset] == "\n"]
    if len(breaks) == 1:
        return [(" ", breaks[0], breaks[0] + 1)]
    return [("\n", offset, offset + 1) for offset in breaks[1:]]


def _block(text: str, begin: int, end: int) -> Decoded:
    header = _HEADER.match(text, begin)
    if header is None:
        raise ValueError
    chomping = header[0].split("#")[0]
    written = _lines(text, header.end(), end)
    indent = _indent(text, begin, written, header[1] or header[2])
    lines = [(start + min(indent, stop - start), stop) for start, stop in written]
    content = list(lines)
    while content and content[-1][0] >= content[-1][1]:
        content.pop()
    decoded = _literal(text, content) if text[begin] == "|" else _folded_block(text, content)
    if content and "-" not in chomping:
        decoded.append(_break(content[-1]))
    if "+" in chomping:
        decoded += [_break(line) for line in lines[len(content) :] if text.startswith("\n", line[1])]
    return decoded


def _lines(text: str, at: int, end: int) -> list[Line]:
    lines = []
    while at < end:
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        lines.append((at, stop))
        at = stop + 1
    return lines


def _indent(text: str, begin: int, lines: list[Line], stated: str | None) -> int:
    """The indentation of the lines: the first line's, or the parent's plus what the header states."""
    widths = [stop - start - len(text[start:stop].lstrip(" ")) for start, stop in lines if text[start:stop].strip(" ")]
    if not widths:
        return max((stop - start for start, stop in lines), default=0)
    if stated is None:
        return widths[0]
    line = text.rfind("\n", 0, begin) + 1
    parent = len(text[line:begin]) - len(text[line:begin].lstrip(" "))
    return parent + int(stated)


def _break(line: Line) -> tuple[str, int, int]:
    return "\n", line[1], line[1] + 1


def _characters(text: str, line: Line) -> Decoded:
    return [(text[offset], offset, offset + 1) for offset in range(*line)]


def _literal(text: str, content: list[Line]) -> Decoded:
    decoded: Decoded = []
    for n, line in enumerate(content):
        if n:
            decoded.append(_break(content[n - 1]))
        decoded += _characters(text, line)
    return decoded


def _folded_block(text: str, content: list[Line]) -> Decoded:
    """Block folding: a break between two lines becomes a space, or vanishes before empty lines; next to indented lines it stays."""
    decoded: Decoded = []
    filled = [n for n, (start, stop) in enumerate(content) if start < stop]
    for n in range(filled[0] if filled else 0):
        decoded.append(_break(content[n]))
    for here, there in pairwise([*filled, None]):
        assert here is not None
        decoded += _characters(text, content[here])
        if there is None:
            continue
        kept = any(text[content[n][0]] in " \t" for n in (here, there))
        breaks = [_break(content[n]) for n in range(here, there)]
        if kept:
            decoded += breaks
        else:
            decoded += breaks[1:] or [(" ", *breaks[0][1:])]
    return decoded
