"""Reads the scalars of a YAML text: plain ones, quoted ones and text blocks. The text ends with a NUL."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents.yaml_token import BLANK, HEX_DIGITS, SCALAR, Token, YamlError

_IN_BLOCK = r"(?:[^ \n\0\t:]|:(?![ \n\0\t]))"
_IN_FLOW = r"(?:[^ \n\0\t:,\[\]{}]|:(?![ \n\0\t]))"
_IN_FLOW_1_1 = r"(?:[^ \n\0\t:,?\[\]{}]|:(?![ \n\0\t]))"
_PLAIN_IN_BLOCK, _PLAIN_IN_FLOW, _PLAIN_IN_FLOW_1_1 = (
    lazy_pattern(rf"{character}+(?: ++(?!#){character}+)*") for character in (_IN_BLOCK, _IN_FLOW, _IN_FLOW_1_1)
)
BLOCK_KEY = lazy_pattern(rf"({_PLAIN_IN_BLOCK.pattern}):(?=[ \n])")
"""A plain key outside of brackets, with its colon right behind it."""
_SPACES = lazy_pattern(r" *+")
_BLANKS = lazy_pattern(r"[ \t]*+")
_BLANK_LINES = lazy_pattern(r"(\n(?: *+\n)*) *+")
_BLANK_QUOTED_LINES = lazy_pattern(r"\n(?:[ \t]*+\n)*")
_SINGLE = lazy_pattern(r"(?:[^'\n\0]++|'')*")
_ESCAPE = r"\\(?:[0abt\tnvfre \"/\\N_LP]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U(?:0010|000[0-9A-Fa-f])[0-9A-Fa-f]{4})"
_DOUBLE = lazy_pattern(rf'(?:[^"\\\n\0]++|{_ESCAPE})*')
_ESCAPES = lazy_pattern(_ESCAPE)
_SIMPLE_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_LENGTHS = {"x": 2, "u": 4, "U": 8}


Scanned = tuple[Token, int]
"""A scalar, and where reading goes on."""


def is_separator(text: str, at: int) -> bool:
    """Whether a line that begins at `at` begins with `---` or `...` alone."""
    return text.startswith(("---", "..."), at) and text[at + 3] in BLANK


def scan_plain(text: str, start: int, least: int, *, in_flow: bool, is_1_1: bool) -> Scanned:
    """A scalar without quotes. In blocks, lines that are indented less than `least` are no part of it."""
    pattern = _PLAIN_IN_BLOCK if not in_flow else _PLAIN_IN_FLOW_1_1 if is_1_1 else _PLAIN_IN_FLOW
    parts: list[str] = []
    end = at = start
    fold = ""
    while (found := pattern.match(text, at)) is not None and text[at] != "#":
        parts += (fold, found[0])
        end = at = found.end()
        if text[at] == " ":
            at = _SPACES.match(text, at).end()  # type: ignore[union-attr]  # matches always
        if text[at] != "\n":
            break
        gap = _BLANK_LINES.match(text, at)
        assert gap is not None
        at = gap.end(1)
        if text[at] in "-." and is_separator(text, at):
            break
        begin, at = at, gap.end()
        if not in_flow and at - begin < least:
            break
        fold = "\n" * (gap[1].count("\n") - 1) or " "
    return Token(SCALAR, start, end, parts[1] if len(parts) == 2 else "".join(parts), True), at


def scan_single(text: str, start: int) -> Scanned:
    """A scalar in single quotes. Raises `YamlError`."""
    return _quoted(text, start, _SINGLE, lambda written: written.replace("''", "'"))


def scan_double(text: str, start: int) -> Scanned:
    """A scalar in double quotes. Raises `YamlError`, and what `chr` raises for a number that no character has."""
    return _quoted(text, start, _DOUBLE, _unescaped)


def _quoted(text: str, start: int, line: re.Pattern[str], decoded: Callable[[str], str]) -> Scanned:
    quote, at = text[start], start + 1
    parts = []
    while True:
        found = line.match(text, at)
        assert found is not None
        written, at = found[0], found.end()
        ending = text[at]
        if ending == quote:
            parts.append(decoded(written))
            return Token(SCALAR, start, at + 1, "".join(parts)), at + 1
        if ending == "\n":
            parts.append(decoded(_without_last_blanks(written, has_escapes=quote == '"')))
            breaks, at = _breaks(text, at, start)
            parts.append("\n" * (breaks - 1) or " ")
        elif ending == "\\" and text[at + 1] == "\n":
            parts.append(decoded(written))
            breaks, at = _breaks(text, at + 1, start)
            parts.append("\n" * (breaks - 1))
        elif ending == "\\":
            _check_escape(text, at + 1, start)
        else:
            raise YamlError("found unexpected end of stream", at, "while scanning a quoted scalar", start)


def _without_last_blanks(written: str, *, has_escapes: bool) -> str:
    """A line of a scalar without its last blanks, except one that a backslash escapes."""
    kept = written.rstrip(" \t")
    if not has_escapes or not kept.endswith("\\"):
        return kept
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return written[: len(kept) + backslashes % 2]


def _breaks(text: str, at: int, start: int) -> tuple[int, int]:
    """The number of line ends from `at`, and the place of the text behind them."""
    gap = _BLANK_QUOTED_LINES.match(text, at)
    assert gap is not None
    after = gap.end()
    if is_separator(text, after):
        raise YamlError("found unexpected document separator", after, "while scanning a quoted scalar", start)
    return gap[0].count("\n"), _BLANKS.match(text, after).end()  # type: ignore[union-attr]  # matches always


def _unescaped(written: str) -> str:
    return _ESCAPES.sub(_character, written) if "\\" in written else written


def _character(escape: re.Match[str]) -> str:
    written = escape[0]
    return _SIMPLE_ESCAPES[written[1]] if len(written) == 2 else chr(int(written[2:], 16))


def _check_escape(text: str, at: int, start: int) -> None:
    """Raises for the escape that `_ESCAPE` doesn't know, whose letter is at `at`."""
    context = "while scanning a double-quoted scalar"
    digits = _LENGTHS.get(text[at])
    if digits is None:
        raise YamlError(f"found unknown escape character {text[at]!r}", at, context, start)
    wrong = next((each for each in text[at + 1 : at + 1 + digits] if each not in HEX_DIGITS), None)
    if wrong is not None:
        problem = f"expected escape sequence of {digits} hexdecimal numbers, but found {wrong!r}"
        raise YamlError(problem, at + 1, context, start)
    chr(int(text[at + 1 : at + 1 + digits], 16))
    raise AssertionError(text[at])


_HEADER = lazy_pattern(r"[|>](?:(?P<chomp>[+-])(?P<indent>[0-9])?|(?P<only>[0-9])(?P<after>[+-])?)?")
_HEADER_END = lazy_pattern(r" *+(?:#[^\n\0]*+)?")
_FIRST_LINES = lazy_pattern(r"(?: *+\n)* *+")
_LINE = lazy_pattern(r"[^\n\0]*+")


@lru_cache(maxsize=64)
def _indented(indent: int) -> re.Pattern[str]:
    """Blank lines, and the indentation of the line behind them."""
    return re.compile(f"(?: {{0,{indent}}}+\\n)* {{0,{indent}}}+")


def scan_block(text: str, start: int, outer: int) -> Scanned:
    """A text block below something that is indented by `outer`, -1 at the top. Raises `YamlError`."""
    chomp, stated, at = _block_header(text, start)
    least = outer + 1
    if stated is None:
        indent, gap, at, end = _found_indent(text, at, least)
    else:
        indent = max(least, 1) + stated - 1
        gap, at, end = _gap(text, at, indent)
    parts, gap, end, at, last = _block_lines(text, (at, end), gap, indent, start=start, at_top=least == 0)
    if chomp != "-":
        parts.append(last)
    if chomp == "+":
        parts.append("\n" * gap)
    return Token(SCALAR, start, end, "".join(parts)), at


def _block_header(text: str, start: int) -> tuple[str, int | None, int]:
    """The sign for the last line ends, the stated indentation, and where the next line begins."""
    context = "while scanning a block scalar"
    header = _HEADER.match(text, start)
    assert header is not None
    stated = header["indent"] or header["only"]
    if stated == "0":
        at = header.start("indent") if header["indent"] else header.start("only")
        raise YamlError("expected indentation indicator in the range 1-9, but found 0", at, context, start)
    at = header.end()
    if text[at] not in " \n\0":
        problem = f"expected chomping or indentation indicators, but found {text[at]!r}"
        raise YamlError(problem, at, context, start)
    at = _HEADER_END.match(text, at).end()  # type: ignore[union-attr]  # matches always
    if text[at] not in "\n\0":
        raise YamlError(f"expected a comment or a line break, but found {text[at]!r}", at, context, start)
    return header["chomp"] or header["after"] or "", int(stated) if stated else None, at + (text[at] == "\n")


def _found_indent(text: str, at: int, least: int) -> tuple[int, int, int, int]:
    """The indentation by the first lines, the number of line ends in them, where the text begins, and where they end."""
    found = _FIRST_LINES.match(text, at)
    assert found is not None
    *blank, first = found[0].split("\n")
    widest = max(map(len, (*blank, first)))
    if blank and 0 < len(blank[0]) < widest:
        context = "more indented follow up line than first in a block scalar"
        raise YamlError(None, None, context, found.end())
    return max(least, widest), len(blank), found.end(), found.end() - len(first)


def _gap(text: str, at: int, indent: int) -> tuple[int, int, int]:
    """The number of line ends from `at`, where the next line's text begins, and where the blank lines end."""
    found = _indented(indent).match(text, at)
    assert found is not None
    written = found[0]
    return written.count("\n"), found.end(), at + written.rfind("\n") + 1


def _block_lines(
    text: str, place: tuple[int, int], gap: int, indent: int, *, start: int, at_top: bool
) -> tuple[list[str], int, int, int, str]:
    """The lines from `place`, with the blank ones between them; then the line ends behind the last one."""
    at, end = place
    is_folded = text[start] == ">"
    parts: list[str] = []
    last = fold = ""
    while at - end == indent and text[at] != "\0":
        parts += (fold, "\n" * gap)
        found = _LINE.match(text, at)
        assert found is not None
        parts.append(found[0])
        is_joined = is_folded and text[at] not in " \t"
        last = "\n" if text[found.end()] == "\n" else ""
        at = found.end() + len(last)
        gap, at, end = _gap(text, at, indent)
        if at_top and at == end and is_separator(text, at):
            break
        joins = is_joined and last and text[at] not in " \t"
        fold = ("" if gap else " ") if joins else last
    return parts, gap, end, at, last
