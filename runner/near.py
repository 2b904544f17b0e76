"""The word that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def near_miss(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `known` that is most like `word`; None where none is. `cutoff` is how alike they must be, up to 1."""
    from difflib import get_close_matches  # needed only by who made a mistake

    found = get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None
