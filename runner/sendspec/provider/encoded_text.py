"""Reads through encodings in a text: escapes of every kind, and words in hexadecimal or base64."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.escape_grammar import GRAMMARS, UTF8, Grammar

Span: TypeAlias = tuple[int, int]
View: TypeAlias = tuple[str, Sequence[Span]]
"""A text, and for each of its characters the span that it comes from."""

MAX_ROUNDS = 3
"""How many layers of escapes are resolved: JSON in a URL in JSON."""
MAX_VIEWS = 48
"""Two layers of every combination of grammars are 31 views. A text that has more than this is made to."""
MAX_INVALID = 0.25
"""The share of invalid characters up to which decoded bytes count as text. A word may be cut inside a character at both ends."""
ENCODED_WORD = lazy_pattern(r"[A-Za-z0-9+/_-]{10,}")

_HEX = lazy_pattern(r"[0-9A-Fa-f]+")
_PRINTABLE_RUN = lazy_pattern(rb"[ -~]{6}")


def unescaped_views(text: str) -> Iterator[View]:
    """`text`, then the text with its escapes resolved, layer by layer, by each grammar that it has escapes of."""
    layer: list[View] = [(text, [(n, n + 1) for n in range(len(text))])]
    known = {text}
    yield layer[0]
    for _ in range(MAX_ROUNDS):
        resolved: list[View] = []
        for view in layer:
            for grammar in GRAMMARS:
                other = _resolved(view, grammar)
                if other[0] not in known and len(known) < MAX_VIEWS:
                    known.add(other[0])
                    resolved.append(other)
                    yield other
        layer = resolved


def _resolved(view: View, grammar: Grammar) -> View:
    """The view with the grammar's escapes resolved. Bytes among them are put together; a text can't be meant both ways."""
    other = _decoded(view, grammar)
    return other if other is view or grammar is UTF8 else _decoded(other, UTF8)


def _decoded(view: View, grammar: Grammar) -> View:
    text, spans = view
    if not grammar.has_escapes(text):
        return view
    resolved: list[str] = []
    origins: list[Span] = []
    last = 0
    for escape in grammar.escapes(text):
        start, end = escape.span()
        characters = grammar.decoded(escape)
        resolved += [text[last:start], characters]
        origins += spans[last:start]
        origins += [(spans[start][0], spans[end - 1][1])] * len(characters)
        last = end
    return "".join([*resolved, text[last:]]), [*origins, *spans[last:]]


def decodings(word: str) -> Iterator[str]:
    """The texts that `word` may encode in hexadecimal or base64, at any alignment; none that is neither ASCII nor UTF-8."""
    urlsafe = word.replace("+", "-").replace("/", "_")
    decoded = [urlsafe_b64decode(part[: len(part) & ~3]) for part in (urlsafe[start:] for start in range(4))]
    if _HEX.fullmatch(word):
        decoded += [bytes.fromhex(part[: len(part) & ~1]) for part in (word, word[1:])]
    for raw in decoded:
        text = raw.decode("utf-8", "replace")
        if _PRINTABLE_RUN.search(raw) is not None or text.count("\ufffd") <= MAX_INVALID * len(text):
            yield text
