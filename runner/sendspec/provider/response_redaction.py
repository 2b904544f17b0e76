"""Redacts the provider's words: the access key, and the recipients and texts of the messages that a response is about.

An API may echo what it was sent, verbatim or encoded. Its words are still kept and shown, since nothing else explains a refusal.
So whatever is ours is replaced in them before anything else happens to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import orjson

from sendspec.diagnostics.redaction import DOTS, number_spans
from sendspec.provider.encoded_text import ENCODED_WORD, Span, decodings, unescaped_views

MAX_SCANNED = 2_048
"""Characters of a text that are scanned; the rest is dropped."""
KEY_PART = 8
"""Any run of this many characters of the key is as secret as the whole key."""
MIN_STRING = 8
STRING_BLOCK = 10
"""A string of the payload is found whole; any part of it is found from twice this many characters on."""
RECEIVER_PART, ID_PART = 6, 8
"""This many consecutive digits of a recipient are redacted, in a text and in an id. Ids are mostly digits: fewer match by chance."""
DIGITS_APART = 4
PROTOCOL_KEYS = frozenset({"type", "identifierKey", "reference"})
"""Payload keys whose strings are not personal: words of the API, and the reference, which identifies the message."""

_SCHEME = re.compile(r"\b(?:AccessKey|Bearer|Basic)[\s:=\"']+(?=\S*\d|\S{8})\S+", re.IGNORECASE)
_NAME = re.compile(
    r"\b(?:access[_ -]?key|api[_-]?key|authorization)[\"']?\s*[:=]\s*[\"']?(?!(?:AccessKey|Bearer|Basic)\b)([^\s\"'{}\[\]]+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<>\"'()\[\],;:=]+@[^\s@<>\"'()\[\],;:=]+\.[^\s@<>\"'()\[\],;:=]+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
_NUMBER = re.compile(r"\+\d{7,15}")
_FOLDED = str.maketrans({**{chr(n): chr(n + 32) for n in range(65, 91)}, **dict.fromkeys("+\n\r\t\u00a0", " ")})
"""Ignores ASCII case and the kind of space. One character stays one character, so spans stay valid."""


class Redaction:
    """Finds what is ours in the provider's words. `of` adds the messages that a response is about.

    It costs nothing until there is a text. An id of the documented form is checked for the key and whole recipients only.
    """

    __slots__ = ("_blocks", "_bodies", "_key", "_receivers", "_strings")

    def __init__(self, authorization: str = "") -> None:
        """`authorization` is the header's value: a scheme and the key."""
        self._set(_Key(authorization), (), ())

    def _set(self, key: _Key, receivers: Collection[str], bodies: Sequence[bytes]) -> None:
        self._key = key
        self._receivers = receivers
        self._bodies = bodies
        self._strings: tuple[str, ...] | None = None
        self._blocks: dict[str, tuple[str, int]] | None = None

    def of(self, receivers: Collection[str], bodies: Sequence[bytes] = ()) -> Redaction:
        """The same key, with the recipients and payloads of messages."""
        other = object.__new__(Redaction)
        other._set(self._key, receivers, bodies)
        return other

    def __repr__(self) -> str:
        return "Redaction(••••••)"

    def redacted(self, text: str) -> str:
        """`text`, cut to `MAX_SCANNED` characters, with dots in place of what is ours and of every number and address."""
        text = text[:MAX_SCANNED]
        return _dotted(text, self._spans(text, self._in_text))

    def repeats(self, ids: Sequence[str]) -> bool:
        """Whether one of these ids of the API contains the key, a recipient or a text, so that it can't be stored."""
        bare = "\n".join(ids).replace("-", "")
        if self._key.bare and self._key.bare in bare:
            return True
        for receiver in self._receivers:
            plain = receiver.lstrip("+").replace("-", "")
            if len(plain) >= ID_PART and plain in bare:
                return True
        return not all(map(_UUID.fullmatch, ids)) and any(map(self._is_telling, ids))

    def _is_telling(self, identifier: str) -> bool:
        if _UUID.fullmatch(identifier) is not None:
            return False
        return _NUMBER.fullmatch(identifier) is not None or bool(self._spans(identifier, self._in_id))

    def _spans(self, text: str, find: Callable[[str], Iterable[Span]]) -> list[Span]:
        """What `find` finds in `text`, in its unescaped views and in its encoded words, as spans of `text`."""
        found: list[Span] = []
        for view, origins in unescaped_views(text):
            words = (word.span() for word in ENCODED_WORD.finditer(view) if self._is_encoded(word.group()))
            found += [(origins[start][0], origins[end - 1][1]) for start, end in [*find(view), *words] if end > start]
        return found

    def _is_encoded(self, word: str) -> bool:
        return any(any(True for _ in self._in_id(text)) for text in decodings(word))

    def _in_text(self, text: str) -> Iterator[Span]:
        yield from self._key_spans(text)
        yield from number_spans(text)
        yield from self._receiver_spans(text, RECEIVER_PART)
        yield from (found.span() for found in _ADDRESS.finditer(text))
        yield from self._payload_spans(text)

    def _in_id(self, text: str) -> Iterator[Span]:
        yield from self._key_spans(text)
        yield from self._receiver_spans(text, ID_PART)
        yield from (found.span() for found in _ADDRESS.finditer(text))
        yield from self._payload_spans(text)

    def _key_spans(self, text: str) -> Iterator[Span]:
        yield from (found.span() for found in _SCHEME.finditer(text))
        yield from (found.span(1) for found in _NAME.finditer(text))
        yield from self._key.spans(text)

    def _receiver_spans(self, text: str, part: int) -> Iterator[Span]:
        """Whole recipients, and any `part` consecutive digits of one."""
        parts: set[str] = set()
        for receiver in self._receivers:
            digits = "".join(c for c in receiver if c.isdecimal())
            parts |= _windows(digits, part)
            if len(receiver) >= MIN_STRING:
                yield from _occurrences(text.translate(_FOLDED), receiver.translate(_FOLDED))
        if not parts:
            return
        for places in _digit_groups(text):
            digits = "".join(str(int(text[place])) for place in places)
            for n in range(len(digits) - part + 1):
                if digits[n : n + part] in parts:
                    yield places[n], places[n + part - 1] + 1

    def _payload_spans(self, text: str) -> Iterator[Span]:
        """Strings of the payload, whole or in part."""
        if self._strings is None:
            self._index_payload()
        folded = text.translate(_FOLDED)
        for string in self._strings or ():
            yield from _occurrences(folded, string)
        blocks = self._blocks or {}
        for start in range(len(folded) - STRING_BLOCK + 1 if blocks else 0):
            known = blocks.get(folded[start : start + STRING_BLOCK])
            if known is not None:
                yield _extended(folded, start, *known)

    def _index_payload(self) -> None:
        found = dict.fromkeys(s.translate(_FOLDED) for body in self._bodies for s in _strings_in(orjson.loads(body)))
        strings = [string for string in found if len(string.strip()) >= MIN_STRING]
        self._strings, self._blocks = tuple(strings), {}
        for string in strings:
            for at in range(0, len(string) - STRING_BLOCK + 1, STRING_BLOCK):
                self._blocks.setdefault(string[at : at + STRING_BLOCK], (string, at))


class _Key:
    """The access key and its parts. `bare` has no hyphens; it is empty where the key is too short to match only by intent."""

    __slots__ = ("_parts", "_word", "bare")

    def __init__(self, authorization: str) -> None:
        key = authorization.rpartition(" ")[2]
        self._parts = _windows(key.translate(_FOLDED), KEY_PART)
        self._word = None
        if 0 < len(key) < KEY_PART and key != "sandbox":  # which is no secret
            self._word = re.compile(rf"(?<!\w){re.escape(key)}(?!\w)")
        self.bare = key.replace("-", "") if len(key) >= KEY_PART else ""

    def spans(self, text: str) -> Iterator[Span]:
        if self._word is not None:
            yield from (found.span() for found in self._word.finditer(text))
        if not self._parts:
            return
        folded = text.translate(_FOLDED)
        for start in range(len(folded) - KEY_PART + 1):
            if folded[start : start + KEY_PART] in self._parts:
                yield start, start + KEY_PART


def _windows(text: str, size: int) -> set[str]:
    return {text[start : start + size] for start in range(len(text) - size + 1)}


def _strings_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                if key not in PROTOCOL_KEYS or not isinstance(item, str):
                    yield from _strings_in(item)
        case list():
            for item in value:
                yield from _strings_in(item)


def _occurrences(text: str, string: str) -> Iterator[Span]:
    start = text.find(string)
    while start >= 0:
        yield start, start + len(string)
        start = text.find(string, start + len(string))


def _extended(text: str, start: int, string: str, at: int) -> Span:
    """The block at `start` in `text` and at `at` in `string`, extended at both ends as far as the two agree."""
    end, behind = start + STRING_BLOCK, at + STRING_BLOCK
    while start > 0 and at > 0 and text[start - 1] == string[at - 1]:
        start, at = start - 1, at - 1
    while end < len(text) and behind < len(string) and text[end] == string[behind]:
        end, behind = end + 1, behind + 1
    return start, end


def _digit_groups(text: str) -> Iterator[list[int]]:
    """The positions of digits, in any script, grouped where few characters separate them."""
    group: list[int] = []
    for place, character in enumerate(text):
        if character.isdecimal():
            if group and place - group[-1] > DIGITS_APART:
                yield group
                group = []
            group.append(place)
    yield group


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
"""For a response to nothing of ours: numbers, addresses and anything like a key are still redacted."""
