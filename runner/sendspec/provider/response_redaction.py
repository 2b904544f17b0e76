"""Redacts the provider's words: the access key, and the recipients and texts of the messages that a response is about.

An API may echo what it was sent, verbatim or encoded. Its words are still kept and shown, since nothing else explains a refusal.
So whatever is ours is replaced in them before anything else happens to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from unicodedata import category

import orjson

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import DOTS, number_spans
from sendspec.provider.access_key_index import KEY_PART, AccessKeyIndex
from sendspec.provider.encoded_text import ENCODED_WORD, Span, decodings, unescaped_views
from sendspec.provider.folded_text import folded_with_origins, with_ascii_digits
from sendspec.provider.payload_strings import strings_in
from sendspec.provider.receiver_index import ReceiverIndex
from sendspec.provider.sent_texts import SentTexts
from sendspec.provider.text_index import TextIndex

MAX_KEPT = 1_024
"""Characters of a text that are kept, redacted; the rest is dropped."""
MAX_SCANNED = 2_048
"""Characters that are scanned. They are more than are kept, so that the first piece of something that the cut divides is recognised."""
RECEIVER_PART, ID_PART = 6, 8
"""This many consecutive digits of a recipient are redacted, in a text and in an id. Ids are mostly digits: fewer match by chance."""
SPLIT_KEY_PART, SPLIT_KEY_ID_PART = KEY_PART, 2 * KEY_PART
"""This many letters and digits of the key count as a part of it with others between them, in a text and in an id.

Ids that are hexadecimal have some of a hexadecimal key's by chance.
"""

_SCHEME = lazy_pattern(r"\b(?:AccessKey|Bearer|Basic)[\s:=\"']+(?=\S*\d|\S{8})\S+", re.IGNORECASE)
_NAME = lazy_pattern(
    r"\b(?:access[_ -]?key|api[_-]?key|authorization)[\"']?\s*[:=]\s*[\"']?(?!(?:AccessKey|Bearer|Basic)\b)([^\s\"'{}\[\]]+)",
    re.IGNORECASE,
)
_ADDRESS_PART = r"[^\s\x00-\x1f\x7f-\x9f\ufffd@<>\"'()\[\],;:=]+"
"""Bytes that were decoded although they are no text have control characters and invalid ones nearly everywhere."""
_ADDRESS = lazy_pattern(rf"{_ADDRESS_PART}@{_ADDRESS_PART}\.{_ADDRESS_PART}")
_UUID = lazy_pattern(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
_NUMBER = lazy_pattern(r"\+\d{7,15}")
_MARKS = frozenset({"Mn", "Me"})


class Redaction:
    """Finds what is ours in the provider's words. `of` adds the messages that a response is about.

    It costs nothing until there is a text. An id of the documented form is checked for the key and whole recipients only.
    """

    __slots__ = ("_bodies", "_key", "_own", "_receivers", "_sent_texts")

    def __init__(self, authorization: str = "", sent_texts: SentTexts | None = None) -> None:
        """`authorization` is the header's value: a scheme and the key. `sent_texts` are of other messages, where known."""
        self._set(AccessKeyIndex(authorization.rpartition(" ")[2]), sent_texts, (), ())

    def _set(
        self,
        key: AccessKeyIndex,
        sent_texts: SentTexts | None,
        receivers: Collection[str],
        bodies: Sequence[bytes],
    ) -> None:
        self._key = key
        self._sent_texts = sent_texts
        self._receivers = receivers
        self._bodies = bodies
        self._own: tuple[ReceiverIndex, TextIndex] | None = None

    def of(self, receivers: Collection[str], bodies: Sequence[bytes] = ()) -> Redaction:
        """The same key, with the recipients and payloads of messages."""
        other = object.__new__(Redaction)
        other._set(self._key, self._sent_texts, receivers, bodies)
        return other

    def __repr__(self) -> str:
        return "Redaction(••••••)"

    def redacted(self, text: str) -> str:
        """The first `MAX_KEPT` characters of `text`, with dots in place of what is ours and of every number and address."""
        text = text[:MAX_SCANNED]
        return _dotted(text[:MAX_KEPT], self._spans(text, self._in_text))

    def repeats(self, ids: Sequence[str]) -> bool:
        """Whether one of these ids of the API contains the key, a recipient or a text, so that it can't be stored."""
        bare = "\n".join(ids).replace("-", "")
        if self._key.hexadecimal and self._key.hexadecimal in bare.lower():
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
        yield from number_spans(with_ascii_digits(text))
        yield from self._ours(text, RECEIVER_PART, SPLIT_KEY_PART)

    def _in_id(self, text: str) -> Iterator[Span]:
        return self._ours(text, ID_PART, SPLIT_KEY_ID_PART)

    def _ours(self, text: str, receiver_part: int, split_key_part: int) -> Iterator[Span]:
        yield from (found.span() for found in _SCHEME.finditer(text))
        yield from (found.span(1) for found in _NAME.finditer(text))
        if "@" in text:  # else the pattern looks from each character to the end of its word for one
            yield from (found.span() for found in _ADDRESS.finditer(text))
        yield from self._key.spans(text)
        letters, origins = folded_with_origins(text)
        for start, end in self._in_letters(letters, receiver_part, split_key_part):
            yield origins[start], _after_marks(text, origins[end - 1] + 1)

    def _in_letters(self, letters: str, receiver_part: int, split_key_part: int) -> Iterator[Span]:
        """The key, recipients, and texts of these messages and of the command's others, in folded text."""
        yield from self._key.folded_spans(letters, split_key_part)
        if self._own is None:
            self._own = ReceiverIndex(self._receivers), _index_of(self._bodies)
        receivers, texts = self._own
        yield from receivers.spans(letters, receiver_part)
        yield from texts.spans(letters)
        if self._sent_texts is not None:
            yield from self._sent_texts.spans(letters)


def _index_of(bodies: Sequence[bytes]) -> TextIndex:
    index = TextIndex()
    for text in dict.fromkeys(text for body in bodies for text in strings_in(orjson.loads(body))):
        index.add(text)
    return index


def _after_marks(text: str, end: int) -> int:
    """The first index from `end` on that is no mark on a letter: folding drops them, and they belong to the letter before."""
    while end < len(text) and category(text[end]) in _MARKS:
        end += 1
    return end


def _dotted(text: str, spans: Iterable[Span]) -> str:
    words: list[str] = []
    last = 0
    for start, end in sorted(spans):
        if start >= len(text):
            break
        if end <= last:
            continue
        if start > last or not words:
            words += [text[last:start], DOTS]
        last = end
    return "".join([*words, text[last:]])


NOTHING_SENT = Redaction()
"""For a response to nothing of ours: numbers, addresses and anything like a key are still redacted."""
