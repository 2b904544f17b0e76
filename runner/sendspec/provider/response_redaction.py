"""Redacts the provider's words: the access key, and the recipients and texts of the messages that a response is about.

An API may echo what it was sent, verbatim or encoded. Its words are still kept and shown, since nothing else explains a refusal.
So whatever is ours is replaced in them before anything else happens to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from unicodedata import combining

import orjson

from sendspec.diagnostics.redaction import DOTS, number_spans
from sendspec.provider.encoded_text import ENCODED_WORD, Span, decodings, unescaped_views
from sendspec.provider.folded_text import folded_with_origins
from sendspec.provider.payload_strings import strings_in
from sendspec.provider.sent_texts import SentTexts
from sendspec.provider.text_index import TextIndex

MAX_SCANNED = 2_048
"""Characters of a text that are scanned; the rest is dropped."""
KEY_PART = 8
"""Any run of this many characters of the key is as secret as the whole key."""
MIN_RECEIVER = 8
"""Characters of the shortest recipient that is found whole, digits or not."""
RECEIVER_PART, ID_PART = 6, 8
"""This many consecutive digits of a recipient are redacted, in a text and in an id. Ids are mostly digits: fewer match by chance."""
DIGITS_APART = 4

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

    __slots__ = ("_bodies", "_key", "_own", "_receivers", "_sent_texts")

    def __init__(self, authorization: str = "", sent_texts: SentTexts | None = None) -> None:
        """`authorization` is the header's value: a scheme and the key. `sent_texts` are of other messages, where known."""
        self._set(_Key(authorization), sent_texts, (), ())

    def _set(
        self, key: _Key, sent_texts: SentTexts | None, receivers: Collection[str], bodies: Sequence[bytes]
    ) -> None:
        self._key = key
        self._sent_texts = sent_texts
        self._receivers = receivers
        self._bodies = bodies
        self._own: TextIndex | None = None

    def of(self, receivers: Collection[str], bodies: Sequence[bytes] = ()) -> Redaction:
        """The same key, with the recipients and payloads of messages."""
        other = object.__new__(Redaction)
        other._set(self._key, self._sent_texts, receivers, bodies)
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
            if len(receiver) >= MIN_RECEIVER:
                yield from _occurrences(text.translate(_FOLDED), receiver.translate(_FOLDED))
        if not parts:
            return
        for places in _digit_groups(text):
            digits = "".join(str(int(text[place])) for place in places)
            for n in range(len(digits) - part + 1):
                if digits[n : n + part] in parts:
                    yield places[n], places[n + part - 1] + 1

    def _payload_spans(self, text: str) -> Iterator[Span]:
        """Texts of these messages and of the command's others, whole or in part, in any case and Unicode form."""
        if not self._bodies and self._sent_texts is None:
            return
        if self._own is None:
            self._own = _index_of(self._bodies)
        view, origins = folded_with_origins(text)
        others = () if self._sent_texts is None else self._sent_texts.spans(view)
        for start, end in (*self._own.spans(view), *others):
            yield origins[start], _after_marks(text, origins[end - 1] + 1)


def _index_of(bodies: Sequence[bytes]) -> TextIndex:
    index = TextIndex()
    for text in dict.fromkeys(text for body in bodies for text in strings_in(orjson.loads(body))):
        index.add(text)
    return index


def _after_marks(text: str, end: int) -> int:
    """The first index from `end` on that is no combining mark: folding drops them, and they belong to the letter before."""
    while end < len(text) and combining(text[end]):
        end += 1
    return end


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


def _occurrences(text: str, string: str) -> Iterator[Span]:
    start = text.find(string)
    while start >= 0:
        yield start, start + len(string)
        start = text.find(string, start + len(string))


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
