"""Folds text for comparison, so that case, accents, Unicode forms, spaces and punctuation make no difference."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MAX_CACHED = 20_000
"""Characters whose folding is remembered: more than all scripts of one run have, fewer than a hostile text could use."""

_KEPT = frozenset({"Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Nd", "Nl", "No", "So"})
"""Unicode categories that carry a text: letters, spacing marks, digits, pictures. Accents, spaces and punctuation are dropped."""
_ASCII_DROPPED = {code: None for code in range(128) if not chr(code).isalnum()}
_DOTLESS_I = str.maketrans("ı", "i")
"""Turkish capitals make an I of both, which folds to i."""


class _FoldTable(dict[int, str]):
    """What each character folds to, computed on first use. `str.translate` reads it."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code)).casefold()
        characters = unicodedata.normalize("NFKD", decomposed).translate(_DOTLESS_I)
        folded = "".join(c for c in characters if unicodedata.category(c) in _KEPT)
        if len(self) < MAX_CACHED:
            self[code] = folded
        return folded


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
