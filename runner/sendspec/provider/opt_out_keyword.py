"""What a reply says about further messages: an opt-out or opt-in keyword, or a text that may mean an opt-out.

The lists are those of `reference/api.md`, section 11. Not documented is whether the API wants the whole text to be the keyword. A keyword
inside a longer text therefore decides nothing: "please don't stop" is for a person to read, and so are the phrases of `opt_out_phrase.py`.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from sendspec.provider.opt_out_phrase import LOOKALIKES, PHRASES_BY_LANGUAGE, SIGNS

MAX_KEYWORD_TEXT = 2_000
"""Characters that are read. Longer texts are no keyword, and normalizing a hostile one would take quadratic time."""

OPT_OUT_KEYWORDS = frozenset(
    [
        "stop", "stopall", "end", "quit", "cancel", "unsubscribe",
        "arret", "halt", "detener", "parar", "ferma", "остановить", "zatrzymaj",
    ]
)  # fmt: skip
"""The documents disagree about `end`: one list of three lacks it. It opts out here, which sends too little rather than too much."""
OPT_IN_KEYWORDS = frozenset(["start", "begin", "resume", "revert", "unstop", "nonarret"])

_LETTERS_AND_DIGITS = ("L", "N")


class KeywordSense(StrEnum):
    """What a reply says. `CONTAINS` is a text that has an opt-out keyword, a look-alike of one, or a phrase or sign in it that may mean one."""

    OUT = "out"
    IN = "in"
    CONTAINS = "contains"


def keyword_sense(text: str) -> KeywordSense | None:
    """What `text` says; None where nothing in it may be an opt-out, or is an opt-in keyword.

    Case, accents, punctuation, pictures and Unicode forms make no difference: `STOP`, `Arrêt !` and `ＳＴＯＰ.` are keywords.
    """
    stripped = text.strip()
    plain = _plain(stripped[:MAX_KEYWORD_TEXT])
    if not any(map(_is_written, stripped[MAX_KEYWORD_TEXT:])) and len(said := _unpunctuated(plain)) == 1:
        if said[0] in OPT_OUT_KEYWORDS:
            return KeywordSense.OUT
        if said[0] in OPT_IN_KEYWORDS:
            return KeywordSense.IN
    return KeywordSense.CONTAINS if _may_be_opt_out(plain) else None


def _may_be_opt_out(plain: str) -> bool:
    words = _words(plain)
    if any(sign in plain for sign in SIGNS):
        return True
    if words and all(len(word) == 1 for word in words):
        words.append("".join(words))  # S T O P
    if not OPT_OUT_KEYWORDS.isdisjoint(words) or not OPT_OUT_KEYWORDS.isdisjoint(_words(plain.translate(LOOKALIKES))):
        return True
    spaced = f" {' '.join(words)} "
    return any(phrase in spaced for phrase in _SPACED_PHRASES)


def _words(plain: str) -> list[str]:
    return "".join(character if _is_written(character) else " " for character in plain).split()


def _plain(text: str) -> str:
    """Without case, accents, and characters that show nothing."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(character for character in folded if unicodedata.category(character) not in ("Mn", "Cf"))


def _unpunctuated(plain: str) -> list[str]:
    """The words between spaces, each without its punctuation; a word of punctuation alone is none."""
    words = ("".join(filter(_is_written, word)) for word in plain.split())
    return [word for word in words if word]


def _is_written(character: str) -> bool:
    return unicodedata.category(character).startswith(_LETTERS_AND_DIGITS)


_SPACED_PHRASES = tuple(
    sorted({f" {_plain(phrase)} " for phrases in PHRASES_BY_LANGUAGE.values() for phrase in phrases})
)
