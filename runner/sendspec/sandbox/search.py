"""A search as people type it: words that have to be there, and, behind a `-`, words that must not."""

from __future__ import annotations

from collections.abc import Collection

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

MAX_CHARACTERS = 200
_WORD = lazy_pattern(r'(-?)(?:"([^"]*)"?|(\S+))')


class Searched:
    """What a search looks in. A word is found anywhere in `texts`, or if it is the whole of one of the `terms`.

    So only the whole of an id, which nobody sees, finds it.
    """

    def __init__(self, texts: Collection[str], terms: Collection[str]) -> None:
        self._text = "\n".join(texts).casefold()
        self._terms = {term.casefold() for term in terms}

    def has(self, folded: str) -> bool:
        return folded in self._text or folded in self._terms


@dataclass(frozen=True, slots=True)
class Search:
    """`written` is what was typed. The words are folded."""

    written: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def matches(self, searched: Searched) -> bool:
        return all(map(searched.has, self.wanted)) and not any(map(searched.has, self.unwanted))


def parse_search(written: str) -> Search:
    """`shipped -status:delivered "for Ada"`: in any case. Never a mistake."""
    written = written[:MAX_CHARACTERS].strip()
    found: dict[str, list[str]] = {"": [], "-": []}
    for sign, phrase, word in _WORD.findall(written):
        if (text := (phrase or word).casefold()) not in ("", "-"):
            found[sign].append(text)
    return Search(written, tuple(found[""]), tuple(found["-"]))
