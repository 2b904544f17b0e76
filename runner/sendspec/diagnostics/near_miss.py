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


MOST_ALIKE = 3
"""So many of the most similar words are looked at."""

SAME_PART, SAME_WORDS = 0.5, 0.8
"""Least similarity of each part of a compound (`first_nmae`), and of words that are divided in another way (`fristname`)."""

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
    found = get_close_matches(word, islice(chain(first, others), MAX_KNOWN), n=MOST_ALIKE, cutoff=cutoff)
    return next((other for other in found if _is_near(word, other)), None)


def _is_near(word: str, other: str) -> bool:
    """Whether two similar words differ in letters, not in a word of several: `not_before` is not a misspelt `not_after`."""
    parts, others = (re.findall(r"[^\W_]+", each.casefold()) for each in (word, other))
    if len(parts) == len(others):
        return len(parts) == 1 or all(map(_is_alike, parts, others))
    return _similarity("".join(parts), "".join(others)) >= SAME_WORDS


def _is_alike(part: str, other: str) -> bool:
    return _similarity(part, other) >= SAME_PART


def _similarity(word: str, other: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, word, other).ratio()


def letters(word: str) -> str:
    """Letters and digits alone, in lower case: `First Name` and `first_name` are one word."""
    return (word if word.isalnum() else re.sub(r"[\W_]+", "", word)).casefold()
