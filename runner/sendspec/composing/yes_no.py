"""Words for yes and no, as tables hold them, and cells that may say either in other words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sendspec.diagnostics.lazy_pattern import lazy_pattern

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
_WORDS = {"t": "true", "f": "false"}
"""The letters that databases write for these words."""
_SIGNS = frozenset(["x", "o", "v"])
"""Letters that say yes, and may be anything else: {f, m, x} is about gender."""
_NUMBER = lazy_pattern(r"[-+]?\d+(?:[.,]\d+)*")
_ZERO = lazy_pattern(r"[-+]?0+(?:[.,]0+)?")
_YES_BY_NO = {
    "f": "t", "false": "true", "0": "1", "n": "y", "no": "yes", "não": "sim", "nao": "sim", "nee": "ja", "nein": "ja",
    "non": "oui",
}  # fmt: skip
_ENDS = ",;:(.!-–—/"
"""What may follow a word that a remark begins with."""


def folded(text: str) -> str:
    return text.strip().casefold()


def are_alike(one: str, other: str) -> bool:
    """Whether both words say yes, or both say no."""
    one, other = _WORDS.get(one, one), _WORDS.get(other, other)
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
    rest = [cell for cell in kept if cell not in clear and folded(cell) not in (YES | NO).union(_WORDS)]
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
    """Whether the text means yes or no without any context. A single letter may be a size or a mark, and `no` is also Norway's code."""
    return len(word) > 1 and word not in _CODES


def _against(word: str) -> frozenset[str]:
    """The words that say the opposite. The letters of true and false do so only for each other, and for words: `f` is also a gender."""
    opposite = next((others for words, others in ((YES, NO), (NO, YES)) if _WORDS.get(word, word) in words), None)
    if opposite is None:
        return frozenset()
    if word in _WORDS:
        opposite = frozenset(each for each in opposite if len(each) > 1)
    letters = (letter for letter, written in _WORDS.items() if written in opposite)
    return opposite.union(letters) if len(word) > 1 or word in _WORDS else opposite


def falsy(counts: Mapping[str, int]) -> list[str]:
    """The texts of a column that say no, or 0, where that is what the column is about; empty for any other column."""
    words = {cell: _WORDS.get(folded(cell), folded(cell)) for cell in counts}
    yes, no = truthy(counts), denying(counts)
    if zeros := [cell for cell in counts if _ZERO.fullmatch(cell.strip())]:
        if all(_NUMBER.fullmatch(cell.strip()) for cell in counts):
            return zeros
    is_sure = len(no) == len(counts) or any(_is_word(words[cell]) and len(folded(cell)) > 1 for cell in no)
    is_sure = is_sure or any(words[cell] not in _SIGNS for cell in yes)
    share = sum(counts[cell] for cell in (*yes, *no))
    return no if is_sure and 2 * share >= sum(counts.values()) else []


def truthy(cells: Iterable[str]) -> list[str]:
    """Those that say yes."""
    return [cell for cell in cells if _WORDS.get(folded(cell), folded(cell)) in YES]


def meaning_yes(text: str) -> str:
    """The text that says yes in a column with this one; itself if it says neither yes nor no."""
    return _YES_BY_NO.get(folded(text), text)


def denying(cells: Iterable[str]) -> list[str]:
    """Those that say no."""
    return [cell for cell in cells if _WORDS.get(folded(cell), folded(cell)) in NO]
