"""Words for yes and no, as tables hold them, and cells that may say either in other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MAX_OTHERS = 8
"""Other texts that a column of yes and no may hold; with more of them it is one of remarks."""
YES = frozenset(
    [
        "true",
        "yes",
        "y",
        "1",
        "x",
        "on",
        "v",
        "✓",
        "✔",
        "checked",
        "ja",
        "j",
        "waar",
        "aan",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "sí",
        "verdadero",
        "sim",
        "s",
        "verdadeiro",
        "vero",
        "tak",
        "prawda",
    ]
)
NO = frozenset(
    [
        "false",
        "no",
        "n",
        "0",
        "off",
        "nee",
        "onwaar",
        "uit",
        "nein",
        "falsch",
        "non",
        "faux",
        "falso",
        "não",
        "nao",
        "nie",
    ]
)
_CODES = frozenset(["no", "si", "on"])
"""Words that are codes of countries or regions, too."""
_ENDS = ",;:(.!-–—/"
"""What may follow a word that a remark begins with."""


def folded(text: str) -> str:
    return text.strip().casefold()


def are_alike(one: str, other: str) -> bool:
    """Whether both words say yes, or both say no."""
    return any(one in words and other in words for words in (YES, NO))


def opposites(constants: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """The cells that say yes where the constants say no, or the other way round; the most frequent first."""
    against = frozenset[str]().union(*(_against(folded(text)) for text in constants))
    return sorted((cell for cell in counts if folded(cell) in against), key=lambda cell: -counts[cell])


def unclear(constants: Sequence[str], kept: Mapping[str, int]) -> list[str]:
    """The cells that `!=` keeps although they may mean a constant: they begin with one, or say neither yes nor no beside such words."""
    words = [folded(text) for text in constants]
    begun = [cell for cell in kept if any(_begins(folded(cell), word) for word in words)]
    clear = opposites(constants, kept)
    rest = [cell for cell in kept if cell not in clear and folded(cell) not in YES | NO]
    if len(rest) <= MAX_OTHERS and any(
        _against(word) and (_is_word(word) or clear) and not word.isdigit() for word in words
    ):
        return rest
    return begun


def _begins(cell: str, word: str) -> bool:
    """Whether a remark begins with the word, as in `no, thanks`. After a word for yes or no, a space is enough."""
    following = cell.removeprefix(word)
    if len(word) < 2 or word.isdigit() or following == cell or not following:
        return False
    return following.lstrip()[:1] in _ENDS or (following[0].isspace() and bool(_against(word)))


def _is_word(word: str) -> bool:
    """Whether it says yes or no by itself. A letter may be a size or a sign, and `no` is Norway."""
    return len(word) > 1 and word not in _CODES


def _against(word: str) -> frozenset[str]:
    return (NO if word in YES else frozenset()) | (YES if word in NO else frozenset())
