"""Folds text for comparison, so that case, accents, Unicode forms, spaces and punctuation make no difference, and digits count
by their value."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sendspec.diagnostics.lazy_pattern import lazy_pattern

MAX_CACHED = 20_000
"""Characters whose folding is remembered: more than all scripts of one run have, fewer than a hostile text could use."""

_KEPT = frozenset({"Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Nd", "Nl", "No", "So"})
"""Unicode categories that carry a text: letters, spacing marks, digits, pictures. Accents, spaces and punctuation are dropped."""
_NUMBERS = frozenset({"Nd", "Nl", "No"})
_ASCII_DROPPED = {code: None for code in range(128) if not chr(code).isalnum()}
_DOTLESS_I = str.maketrans("ı", "i")
"""Turkish capitals make an I of both, which folds to i."""
_PICTURED = lazy_pattern(r"(?:LATIN (?:LETTER SMALL CAPITAL|(?:CAPITAL|SMALL) LETTER)|SYMBOL LETTER) ([A-Z])")
"""Names of characters that show a letter and have no compatibility form: white on black, small capitals, tags."""


class _FoldTable(dict[int, str]):
    """What each character folds to, computed on first use. `str.translate` reads it."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code)).casefold()
        characters = unicodedata.normalize("NFKD", decomposed).translate(_DOTLESS_I)
        plain = "".join(map(_plain, characters))
        folded = "".join(c for c in plain if unicodedata.category(c) in _KEPT)
        if len(self) < MAX_CACHED:
            self[code] = folded
        return folded


def _plain(character: str) -> str:
    """The letter or the digits that a character shows, whatever its form; the character itself where it shows none."""
    if character.isascii():
        return character
    if 0xE0000 < ord(character) < 0xE007F:  # tags: invisible copies of ASCII
        return chr(ord(character) - 0xE0000).casefold()
    number = unicodedata.numeric(character, -1) if unicodedata.category(character) in _NUMBERS else -1
    if number >= 0 and number == int(number):
        return str(int(number))
    pictured = _PICTURED.search(unicodedata.name(character, ""))
    return character if pictured is None or pictured.end() < len(pictured.string) else pictured[1].casefold()


_TABLE = _FoldTable()


def folded(text: str) -> str:
    """`text` in its folded form. Texts that differ only in what folding ignores have the same one."""
    if text.isascii():  # the same in half the time
        return text.lower().translate(_ASCII_DROPPED)
    return text.translate(_TABLE)


def folded_with_origins(text: str) -> tuple[str, Sequence[int]]:
    """The folded form, and for each of its characters the index in `text` that it comes from."""
    pieces = [_TABLE[ord(character)] for character in text]
    return "".join(pieces), [index for index, piece in enumerate(pieces) for _ in piece]


def with_ascii_digits(text: str) -> str:
    """`text` with every character that shows a single digit replaced by this digit."""
    if text.isascii():
        return text
    return "".join(_TABLE[ord(c)] if c.isnumeric() and len(_TABLE[ord(c)]) == 1 else c for c in text)
