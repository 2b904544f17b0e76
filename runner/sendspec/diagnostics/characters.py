"""Characters that must not be shown or sent: controls, direction marks, half surrogates."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Characters that change the direction of text (Unicode, UAX 9): they can make a line look like another."""

_CLASS = f"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}\u2028\u2029\ufffe\uffff\ud800-\udfff"
_FORBIDDEN = lazy_pattern(f"[{_CLASS}]")
_FORBIDDEN_IN_FILE = lazy_pattern(f"[\r{_CLASS}]")

REPLACEMENT = "\ufffd"
_HALF_SURROGATES = lazy_pattern("[\ud800-\udfff]")


def with_visible_characters(text: str) -> str:
    """`text` with each control or bidi character replaced by one visible character, so that columns stay."""
    return _FORBIDDEN.sub("�", text.replace("\t", " "))


def forbidden_character(text: str) -> re.Match[str] | None:
    """The first control or bidi character in `text`; tabs and newlines are allowed."""
    return None if is_clean(text) else _FORBIDDEN.search(text)


def forbidden_in_file(text: str) -> re.Match[str] | None:
    """The same in a file with `\\n` for line ends, where a lone carriage return is forbidden too: YAML takes it for a line end, few editors do."""
    return None if is_clean(text) else _FORBIDDEN_IN_FILE.search(text)


def is_clean(text: str) -> bool:
    """Whether `text` surely has no character of those that this module is about, and no carriage return.

    Unicode counts all of them as not printable, and a few that are allowed, such as the no-break space. This answer needs no
    expression, and compiling one takes as long as looking through 100 kB.
    """
    return text.replace("\n", "").replace("\t", "").isprintable()


def with_json_escapes(text: str) -> str:
    """JSON text with each control or bidi character of its strings as an escape, which means the same."""
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def without_surrogates(text: str) -> str:
    """`text` with each half surrogate replaced by U+FFFD, so that it can be encoded as UTF-8.

    Half surrogates arrive through JSON escapes and file names.
    """
    return text if text.isascii() else _HALF_SURROGATES.sub(REPLACEMENT, text)
