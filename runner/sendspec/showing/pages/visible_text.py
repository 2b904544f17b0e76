"""Foreign text as a page may show it: control and bidi characters as escapes, lines as lines, and emoji as they are meant."""

from __future__ import annotations

import unicodedata

from sendspec.diagnostics.redaction import is_all_visible, printable

_JOINER = "\u200d"
_SYMBOLS = frozenset({"So", "Sk", "Me"})


def visible_text(text: str) -> str:
    if is_all_visible(text):
        return text
    return "".join(
        printable(character, named=False) if is_unseen(text, at) else character for at, character in enumerate(text)
    )


def is_unseen(text: str, at: int) -> bool:
    """Whether a character is to be shown as an escape. A line end is seen, and so is what joins two signs to one emoji."""
    character = text[at]
    if character == "\n" or text[at : at + 2] == "\r\n":
        return False
    if character == _JOINER and 0 < at < len(text) - 1:
        before = text[at - 2] if text[at - 1] == "\ufe0f" and at > 1 else text[at - 1]
        return not {unicodedata.category(before), unicodedata.category(text[at + 1])} <= _SYMBOLS
    if "\ufe00" <= character <= "\ufe0f":
        keycap = text[at + 1 : at + 2] == "\u20e3"
        return not is_all_visible(text[max(0, at - 1) : at + 1 + keycap])
    return not is_all_visible(character)
