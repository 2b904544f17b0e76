"""Half surrogates: code points that no encoding of text can write, and that JSON escapes and file names bring in all the same."""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
_HALVES = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """`text` with U+FFFD in the place of every half surrogate, so that it can be written as UTF-8."""
    return text if text.isascii() else _HALVES.sub(REPLACEMENT, text)
