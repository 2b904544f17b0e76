"""Suggestions for misspelt words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, islice

MAX_KNOWN = 1_000
"""Most words to compare; each takes about 10 µs."""

_SIMILAR_LENGTH = 2
"""Usual difference in length between a misspelt word and the one meant."""

MAX_LENGTH = 64
"""Longest word in characters; longer ones take quadratic time, and are not typos."""


MIN_BEGINNING = 3
"""Fewest letters that are taken for the beginning of the only word that has it: `prod` for `production`."""


def near_miss(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word most similar to `word`, if any. `cutoff` is the least similarity, from 0 to 1.

    One that differs only in case, spaces and signs comes first, then the only one that begins so. Compares `MAX_KNOWN` words at most, those of similar length first.
    """
    from difflib import get_close_matches  # only needed after a mistake

    if len(word) > MAX_LENGTH:
        return None
    words = [other for other in known if len(other) <= MAX_LENGTH]
    wanted = letters(word)
    letters_of_words = list(map(letters, words))
    if wanted and wanted in letters_of_words:
        return words[letters_of_words.index(wanted)]
    longer = [
        other
        for other, theirs in zip(words, letters_of_words, strict=True)
        if len(wanted) >= MIN_BEGINNING and theirs.startswith(wanted)
    ]
    if len(longer) == 1:
        return longer[0]
    first = (other for other in words if abs(len(other) - len(word)) <= _SIMILAR_LENGTH)
    others = (other for other in words if abs(len(other) - len(word)) > _SIMILAR_LENGTH)
    found = get_close_matches(word, islice(chain(first, others), MAX_KNOWN), n=1, cutoff=cutoff)
    return found[0] if found else None


def letters(word: str) -> str:
    """Letters and digits alone, in lower case: `First Name` and `first_name` are one word."""
    return (word if word.isalnum() else re.sub(r"[\W_]+", "", word)).casefold()
