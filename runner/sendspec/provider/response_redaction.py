"""What an answer may not bring in: the access key, and the receivers and texts of the messages that it answers.

An API may repeat what it was sent, as it came or in another form. Its words are kept and shown all the same, as nothing else says
why a message was refused: so whatever is ours is replaced in them, before anything else is done with them.
"""

from __future__ import annotations

import html
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import orjson

from sendspec.diagnostics.redaction import DOTS, number_spans

MAX_SCANNED = 2_048
"""Characters of a text that are looked through; the rest is dropped."""
KEY_PART = 8
"""A part of the key of so many characters is as secret as all of it."""
MIN_STRING = 8
STRING_BLOCK = 10
"""A string of the payload is found whole, and any part of it from twice so many characters on."""
RECEIVER_PART, ID_PART = 6, 8
"""So many digits of a receiver in a row are taken for it, in a text and in an id. Ids are made of digits: fewer would be chance."""
DIGITS_APART = 4
ROUNDS = 3
"""A text is looked through so often with its escapes resolved: JSON in a URL in JSON."""
NOT_TEXT = frozenset({"type", "identifierKey", "reference"})
"""Strings of the payload that are the API's own words, or ours: the reference is what a message is known by."""

Span: TypeAlias = tuple[int, int]

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[nrt\"'\\/]|&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[a-z]{2,6});"
)
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_CODED = re.compile(r"[A-Za-z0-9+/_-]{10,}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_WRITTEN = re.compile(rb"[ -~]{6}")
_SCHEME = re.compile(r"\b(?:AccessKey|Bearer|Basic)[\s:=\"']+(?=\S*\d|\S{8})\S+", re.IGNORECASE)
_NAME = re.compile(
    r"\b(?:access[_ -]?key|api[_-]?key|authorization)[\"']?\s*[:=]\s*[\"']?(?!(?:AccessKey|Bearer|Basic)\b)([^\s\"'{}\[\]]+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<>\"'()\[\],;:=]+@[^\s@<>\"'()\[\],;:=]+\.[^\s@<>\"'()\[\],;:=]+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
_NUMBER = re.compile(r"\+\d{7,15}")
_ALIKE = str.maketrans({**{chr(n): chr(n + 32) for n in range(65, 91)}, **dict.fromkeys("+\n\r\t\u00a0", " ")})
"""Case and kind of space are of no matter; no character becomes two, so that places stay."""


class Redaction:
    """Finds what is ours in what an API says. `of` adds the messages that an answer is about.

    It costs nothing until there is a text; an id of the documented form is looked at for the key and for whole receivers only.
    """

    __slots__ = ("_blocks", "_bodies", "_key", "_receivers", "_strings")

    def __init__(self, authorization: str = "") -> None:
        """`authorization` is the value of the header: a scheme and the key."""
        self._about(_Key(authorization), (), ())

    def _about(self, key: _Key, receivers: Collection[str], bodies: Sequence[bytes]) -> None:
        self._key = key
        self._receivers = receivers
        self._bodies = bodies
        self._strings: tuple[str, ...] | None = None
        self._blocks: dict[str, tuple[str, int]] | None = None

    def of(self, receivers: Collection[str], bodies: Sequence[bytes] = ()) -> Redaction:
        """The same key, with the receivers and the payloads of messages."""
        other = object.__new__(Redaction)
        other._about(self._key, receivers, bodies)
        return other

    def __repr__(self) -> str:
        return "Redaction(••••••)"

    def redacted(self, text: str) -> str:
        """`text`, cut to `MAX_SCANNED` characters, with dots for what is ours and for every number and address."""
        text = text[:MAX_SCANNED]
        return _dotted(text, self._spans(text, self._in_text))

    def repeats(self, ids: Sequence[str]) -> bool:
        """Whether one of these ids of the API's shows the key, a receiver or a text: then it can't be kept."""
        bare = "\n".join(ids).replace("-", "")
        if self._key.bare and self._key.bare in bare:
            return True
        for receiver in self._receivers:
            plain = receiver.lstrip("+").replace("-", "")
            if len(plain) >= ID_PART and plain in bare:
                return True
        return not all(map(_UUID.fullmatch, ids)) and any(map(self._shows, ids))

    def _shows(self, identifier: str) -> bool:
        if _UUID.fullmatch(identifier) is not None:
            return False
        return _NUMBER.fullmatch(identifier) is not None or bool(self._spans(identifier, self._in_id))

    # ── where something is found ─────────────────────────────────────────────────────────────────────────────────

    def _spans(self, text: str, find: Callable[[str], Iterable[Span]]) -> list[Span]:
        """The places in `text`, also of what is there in an encoded form."""
        found: list[Span] = []
        for view, places in _views(text):
            spans = [*find(view), *(token.span() for token in _CODED.finditer(view) if self._is_coded(token.group()))]
            found += [(places[start][0], places[end - 1][1]) for start, end in spans if end > start]
        return found

    def _is_coded(self, token: str) -> bool:
        return any(any(True for _ in self._in_id(said)) for said in _decoded(token))

    def _in_text(self, text: str) -> Iterator[Span]:
        yield from self._of_the_key(text)
        yield from number_spans(text)
        yield from self._of_receivers(text, RECEIVER_PART)
        yield from (found.span() for found in _ADDRESS.finditer(text))
        yield from self._payload(text)

    def _in_id(self, text: str) -> Iterator[Span]:
        yield from self._of_the_key(text)
        yield from self._of_receivers(text, ID_PART)
        yield from (found.span() for found in _ADDRESS.finditer(text))
        yield from self._payload(text)

    def _of_the_key(self, text: str) -> Iterator[Span]:
        yield from (found.span() for found in _SCHEME.finditer(text))
        yield from (found.span(1) for found in _NAME.finditer(text))
        yield from self._key.spans(text)

    def _of_receivers(self, text: str, least: int) -> Iterator[Span]:
        parts: set[str] = set()
        for receiver in self._receivers:
            digits = "".join(c for c in receiver if c.isdecimal())
            parts |= _windows(digits, least)
            if len(receiver) >= MIN_STRING:
                yield from _found(text.translate(_ALIKE), receiver.translate(_ALIKE))
        if not parts:
            return
        for places in _digit_groups(text):
            digits = "".join(str(int(text[place])) for place in places)
            for n in range(len(digits) - least + 1):
                if digits[n : n + least] in parts:
                    yield places[n], places[n + least - 1] + 1

    def _payload(self, text: str) -> Iterator[Span]:
        """Strings of the payload, whole or in part."""
        if self._strings is None:
            self._learn()
        alike = text.translate(_ALIKE)
        for string in self._strings or ():
            yield from _found(alike, string)
        blocks = self._blocks or {}
        for start in range(len(alike) - STRING_BLOCK + 1 if blocks else 0):
            known = blocks.get(alike[start : start + STRING_BLOCK])
            if known is not None:
                yield _grown(alike, start, *known)

    def _learn(self) -> None:
        found = dict.fromkeys(s.translate(_ALIKE) for body in self._bodies for s in _strings_in(orjson.loads(body)))
        strings = [string for string in found if len(string.strip()) >= MIN_STRING]
        self._strings, self._blocks = tuple(strings), {}
        for string in strings:
            for at in range(0, len(string) - STRING_BLOCK + 1, STRING_BLOCK):
                self._blocks.setdefault(string[at : at + STRING_BLOCK], (string, at))


class _Key:
    """The access key, and its parts. `bare` is without hyphens, empty where it is too short to be told from chance."""

    __slots__ = ("_parts", "_word", "bare")

    def __init__(self, authorization: str) -> None:
        key = authorization.rpartition(" ")[2]
        self._parts = _windows(key.translate(_ALIKE), KEY_PART)
        self._word = None
        if 0 < len(key) < KEY_PART and key != "sandbox":  # which everybody knows
            self._word = re.compile(rf"(?<!\w){re.escape(key)}(?!\w)")
        self.bare = key.replace("-", "") if len(key) >= KEY_PART else ""

    def spans(self, text: str) -> Iterator[Span]:
        if self._word is not None:
            yield from (found.span() for found in self._word.finditer(text))
        if not self._parts:
            return
        alike = text.translate(_ALIKE)
        for start in range(len(alike) - KEY_PART + 1):
            if alike[start : start + KEY_PART] in self._parts:
                yield start, start + KEY_PART


def _windows(text: str, size: int) -> set[str]:
    return {text[start : start + size] for start in range(len(text) - size + 1)}


def _strings_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                if key not in NOT_TEXT or not isinstance(item, str):
                    yield from _strings_in(item)
        case list():
            for item in value:
                yield from _strings_in(item)


def _found(text: str, string: str) -> Iterator[Span]:
    start = text.find(string)
    while start >= 0:
        yield start, start + len(string)
        start = text.find(string, start + len(string))


def _grown(text: str, start: int, string: str, at: int) -> Span:
    """A block that `text` has at `start` and `string` at `at`, as far as both go on alike at either end."""
    end, behind = start + STRING_BLOCK, at + STRING_BLOCK
    while start > 0 and at > 0 and text[start - 1] == string[at - 1]:
        start, at = start - 1, at - 1
    while end < len(text) and behind < len(string) and text[end] == string[behind]:
        end, behind = end + 1, behind + 1
    return start, end


def _digit_groups(text: str) -> Iterator[list[int]]:
    """The places of digits, of any script, that have little between them."""
    group: list[int] = []
    for place, character in enumerate(text):
        if character.isdecimal():
            if group and place - group[-1] > DIGITS_APART:
                yield group
                group = []
            group.append(place)
    yield group


def _views(text: str) -> Iterator[tuple[str, Sequence[Span]]]:
    """`text`, and as it reads with its escapes resolved; each with the place in `text` that each character has."""
    places: Sequence[Span] = [(n, n + 1) for n in range(len(text))]
    yield text, places
    for _ in range(ROUNDS):
        resolved: list[str] = []
        origins: list[Span] = []
        last = 0
        for escape in _ESCAPE.finditer(text):
            said = _said(escape.group())
            resolved += [text[last : escape.start()], said]
            origins += places[last : escape.start()]
            origins += [(places[escape.start()][0], places[escape.end() - 1][1])] * len(said)
            last = escape.end()
        if not resolved:
            return
        text, places = "".join([*resolved, text[last:]]), [*origins, *places[last:]]
        yield text, places


def _said(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "&":
        return html.unescape(escape)
    return chr(int(escape[2:], 16)) if len(escape) > 2 else _NAMED.get(escape[1], escape[1])


def _decoded(token: str) -> Iterator[str]:
    """What a token could mean in hexadecimal and in base64, begun anywhere; not what is no text at all."""
    plain = token.replace("+", "-").replace("/", "_")
    coded = [urlsafe_b64decode(part[: len(part) & ~3]) for part in (plain[start:] for start in range(4))]
    if _HEX.fullmatch(token):
        coded += [bytes.fromhex(part[: len(part) & ~1]) for part in (token, token[1:])]
    return (raw.decode("utf-8", "replace") for raw in coded if _WRITTEN.search(raw) is not None)


def _dotted(text: str, spans: Iterable[Span]) -> str:
    words: list[str] = []
    last = 0
    for start, end in sorted(spans):
        if end <= last:
            continue
        if start > last or not words:
            words += [text[last:start], DOTS]
        last = end
    return "".join([*words, text[last:]])


NOTHING_SENT = Redaction()
"""For an answer to nothing of ours: numbers, addresses and what looks like a key go all the same."""
