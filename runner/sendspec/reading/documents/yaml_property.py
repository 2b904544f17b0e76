"""Reads anchors, aliases, tags and directives, which precede a YAML node or document. The text ends with a NUL."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents.yaml_token import (
    BLANK,
    DIRECTIVE,
    HEX_DIGITS,
    TAG,
    YAML_1_1,
    TagTooLong,
    Token,
    YamlError,
)

MAX_TAG = 200
"""Characters in a tag. Every tag is refused anyway."""

_NAME = lazy_pattern("[!-+\\--Z\\\\^-z|~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*+")
_HANDLE = lazy_pattern(r"![0-9A-Za-z_-]*+")
_URI = lazy_pattern(r"(?:[0-9A-Za-z\-;/?:@&=+$,_.!~*'()\[\]#]++|%[0-9A-Fa-f]{2})*")
_URI_1_1 = lazy_pattern(_URI.pattern.replace("#", ""))
_ESCAPED = lazy_pattern(r"(?:%[0-9A-Fa-f]{2})+")
_DIRECTIVE_NAME = lazy_pattern(r"[0-9A-Za-z\-_:.]*+")
_NUMBER = lazy_pattern(r"[0-9]*+")
_SPACES = lazy_pattern(r" *+")
_LINE = lazy_pattern(r"[^\n\0]*+")
_LINE_ENDS = "\n\0"
_BEHIND_VALUE = " \n\0"
_BEHIND_NAME = frozenset(" \t\n\0?:,[]{}%@`")


def scan_name(text: str, start: int, kind: str) -> Token:
    """The anchor or alias at `start`. Raises `YamlError`."""
    what = "alias" if text[start] == "*" else "anchor"
    end = _end(_NAME, text, start + 1)
    if end == start + 1 or text[end] not in _BEHIND_NAME:
        problem = f"expected alphabetic or numeric character, but found {text[end]!r}"
        raise YamlError(problem, end, f"while scanning an {what}", start)
    return Token(kind, start, end, text[start + 1 : end])


def scan_tag(text: str, start: int, *, version: tuple[int, int]) -> Token:
    """The tag at `start`: its handle, or None, and what follows it. Raises `TagTooLong` and `YamlError`."""
    written = text[start : start + MAX_TAG + 1].rstrip("\0")
    if len(written) > MAX_TAG and len(written.split(None, 1)) == 1:
        raise TagTooLong(start)
    mark = "!!" if text.startswith("!!", start) else "!"
    handle: str | None = mark
    at = start + len(mark)
    if text[at] == "<":
        handle = None
        suffix, at = _uri(text, at + 1, "tag", start, version=version)
        if text[at] != ">":
            raise YamlError(f"expected '>' but found {text[at]!r}", at, "while parsing a tag", start)
        at += 1
    elif text[at] in BLANK:
        handle, suffix = None, mark
    else:
        if "!" in text[at : _end(_TAG_TEXT, text, at)]:
            handle, at = _handle(text, start + len(mark) - 1, "tag", start)
        suffix, at = _uri(text, at, "tag", start, version=version)
    if text[at] not in _BEHIND_VALUE:
        raise YamlError(f"expected ' ', but found {text[at]!r}", at, "while scanning a tag", start)
    return Token(TAG, start, at, (handle, suffix))


_TAG_TEXT = lazy_pattern(r"[^ \n\0]*+")


def scan_directive(text: str, start: int, *, version: tuple[int, int]) -> tuple[Token, int]:
    """The directive at `start`, and where its line ends. Raises `YamlError`, and ValueError for a number that is too long."""
    context = "while scanning a directive"
    at = _end(_DIRECTIVE_NAME, text, start + 1)
    if at == start + 1 or text[at] not in _BEHIND_VALUE:
        problem = f"expected alphabetic or numeric character, but found {text[at]!r}"
        raise YamlError(problem, at, context, start)
    name = text[start + 1 : at]
    value: object = None
    if name == "YAML":
        value, at = _version(text, at, start)
    elif name == "TAG":
        handle, at = _handle(text, _end(_SPACES, text, at), "directive", start)
        if text[at] != " ":
            raise YamlError(f"expected ' ', but found {text[at]!r}", at, context, start)
        prefix, at = _uri(text, _end(_SPACES, text, at), "directive", start, version=version)
        if text[at] not in _BEHIND_VALUE:
            raise YamlError(f"expected ' ', but found {text[at]!r}", at, context, start)
        value = (handle, prefix)
    token = Token(DIRECTIVE, start, at, (name, value))
    at = _end(_SPACES if value else _LINE, text, at)
    at = _end(_LINE, text, at) if text[at] == "#" else at
    if text[at] not in _LINE_ENDS:
        raise YamlError(f"expected a comment or a line break, but found {text[at]!r}", at, context, start)
    return token, at + (text[at] == "\n")


def _version(text: str, at: int, start: int) -> tuple[tuple[int, int], int]:
    context = "while scanning a directive"
    major, at = _digits(text, _end(_SPACES, text, at), start)
    if text[at] != ".":
        raise YamlError(f"expected a digit or '.', but found {text[at]!r}", at, context, start)
    minor, at = _digits(text, at + 1, start)
    if text[at] not in _BEHIND_VALUE:
        raise YamlError(f"expected a digit or '.', but found {text[at]!r}", at, context, start)
    return (major, minor), at


def _digits(text: str, at: int, start: int) -> tuple[int, int]:
    end = _end(_NUMBER, text, at)
    if end == at:
        raise YamlError(f"expected a digit, but found {text[at]!r}", at, "while scanning a directive", start)
    return int(text[at:end]), end


def _handle(text: str, at: int, what: str, start: int) -> tuple[str, int]:
    context = f"while scanning an {what}"
    if text[at] != "!":
        raise YamlError(f"expected '!', but found {text[at]!r}", at, context, start)
    if text[at + 1] == " ":
        return "!", at + 1
    end = _end(_HANDLE, text, at)
    if text[end] != "!":
        raise YamlError(f"expected '!' but found {text[end]!r}", end, context, start)
    return text[at : end + 1], end + 1


def _uri(text: str, at: int, what: str, start: int, *, version: tuple[int, int]) -> tuple[str, int]:
    end = _end(_URI if version > YAML_1_1 else _URI_1_1, text, at)
    if text[end] == "%":
        wrong = next(each for each in text[end + 1 : end + 3] if each not in HEX_DIGITS)
        problem = f"expected URI escape sequence of 2 hexdecimal numbers, but found {wrong!r}"
        raise YamlError(problem, end + 1, f"while scanning an {what}", start)
    if end == at:
        raise YamlError(f"expected URI, but found {text[at]!r}", at, f"while parsing an {what}", start)
    decoded = []
    for found in _ESCAPED.finditer(text, at, end):
        try:
            decoded.append(bytes.fromhex(found[0].replace("%", "")).decode())
        except UnicodeDecodeError as error:
            raise YamlError(str(error), found.start(), f"while scanning an {what}", start) from None
    return "".join(map("".join, _interleaved(_ESCAPED.split(text[at:end]), decoded))), end


def _interleaved(between: list[str], decoded: list[str]) -> zip[tuple[str, str]]:
    return zip(between, [*decoded, ""], strict=True)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match of a pattern that matches everywhere ends."""
    found = pattern.match(text, at)
    assert found is not None
    return found.end()
