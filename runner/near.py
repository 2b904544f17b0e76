"""The word that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable

KNOWN_MOST = 1_000
"""Words that are compared; each takes some 10 µs."""

LENGTH_MOST = 64
"""Characters of a word; longer ones take time by the square of their length, and are no slips of the pen."""


def near_miss(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `known` that is most like `word`; None where none is. `cutoff` is how alike they must be, up to 1.

    Of very many words only the first that are about as long as `word` are looked at.
    """
    from difflib import get_close_matches  # needed only by who made a mistake

    if len(word) > LENGTH_MOST:
        return None
    alike = _as_long(word, known, cutoff)
    found = get_close_matches(word, alike, n=1, cutoff=cutoff)
    return found[0] if found else None


def _as_long(word: str, known: Iterable[str], cutoff: float) -> list[str]:
    """Words whose length alone doesn't make them too different."""
    alike: list[str] = []
    for other in known:
        if len(alike) == KNOWN_MOST:
            break
        if len(other) <= LENGTH_MOST and 2 * min(len(word), len(other)) >= cutoff * (len(word) + len(other)):
            alike.append(other)
    return alike
