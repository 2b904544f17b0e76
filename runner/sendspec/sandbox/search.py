"""A search as people type it: words that have to be there, and, behind a `-`, words that must not."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARACTERS = 200
_WORD = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Search:
    """`written` is what was typed. The words are folded; those of a text to search have to be, too."""

    written: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def matches(self, folded: str) -> bool:
        return all(word in folded for word in self.wanted) and not any(word in folded for word in self.unwanted)


def parse_search(written: str) -> Search:
    """`shipped -status:delivered "for Ada"`: each word anywhere in a text, in any case. Never a mistake."""
    written = written[:MAX_CHARACTERS].strip()
    found: dict[str, list[str]] = {"": [], "-": []}
    for sign, phrase, word in _WORD.findall(written):
        if (text := (phrase or word).casefold()) not in ("", "-"):
            found[sign].append(text)
    return Search(written, tuple(found[""]), tuple(found["-"]))
