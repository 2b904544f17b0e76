"""Reads through encodings in a text: escapes, and words in hexadecimal or base64."""

from __future__ import annotations

import html
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

MAX_ROUNDS = 3
"""How many layers of escapes are resolved: JSON in a URL in JSON."""
MAX_INVALID = 0.25
"""The share of invalid characters up to which decoded bytes count as text. A word may be cut inside a character at both ends."""
ENCODED_WORD = re.compile(r"[A-Za-z0-9+/_-]{10,}")

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[nrt\"'\\/]|&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[a-z]{2,6});"
)
_CONTROL_BY_LETTER = {"n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile(r"[0-9A-Fa-f]+")
_PRINTABLE_RUN = re.compile(rb"[ -~]{6}")


def unescaped_views(text: str) -> Iterator[tuple[str, Sequence[Span]]]:
    """`text`, then the text with its escapes resolved, layer by layer. Each view maps its characters to their spans in `text`."""
    spans: Sequence[Span] = [(n, n + 1) for n in range(len(text))]
    yield text, spans
    for _ in range(MAX_ROUNDS):
        resolved: list[str] = []
        origins: list[Span] = []
        last = 0
        for escape in _ESCAPE.finditer(text):
            characters = _unescaped(escape.group())
            resolved += [text[last : escape.start()], characters]
            origins += spans[last : escape.start()]
            origins += [(spans[escape.start()][0], spans[escape.end() - 1][1])] * len(characters)
            last = escape.end()
        if not resolved:
            return
        text, spans = "".join([*resolved, text[last:]]), [*origins, *spans[last:]]
        yield text, spans


def _unescaped(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "&":
        return html.unescape(escape)
    return chr(int(escape[2:], 16)) if len(escape) > 2 else _CONTROL_BY_LETTER.get(escape[1], escape[1])


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
