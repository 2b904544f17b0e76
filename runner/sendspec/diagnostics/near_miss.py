"""The word that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

MAX_KNOWN = 1_000
"""Words that are compared; each takes some 10 µs."""

_ABOUT = 2
"""How much longer or shorter a word is that was meant, mostly."""

MAX_LENGTH = 64
"""Characters of a word; longer ones take time by the square of their length, and are no slips of the pen."""


def near_miss(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `known` that is most like `word`; None where none is. `cutoff` is how alike they must be, up to 1.

    Of very many words only some are looked at, those first that are about as long as `word`.
    """
    from difflib import get_close_matches  # needed only by who made a mistake

    if len(word) > MAX_LENGTH:
        return None
    words = list(known)
    first = (other for other in words if abs(len(other) - len(word)) <= _ABOUT)
    others = (other for other in words if abs(len(other) - len(word)) > _ABOUT and len(other) <= MAX_LENGTH)
    found = get_close_matches(word, islice(chain(first, others), MAX_KNOWN), n=1, cutoff=cutoff)
    return found[0] if found else None
