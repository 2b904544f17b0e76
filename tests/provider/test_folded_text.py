"""The folded form of texts, and where in a text its characters come from."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.folded_text import MAX_CACHED, folded, folded_with_origins

CHUNKS = [
    "Straße",
    "ΣΊΣΥΦΟΣ",
    "ᾳ",
    "İı",
    "ﬃ",
    "é",
    "e\u0301",
    "가",
    "각",
    "ﷺ",
    " ",
    "\u200b",
    "_",
    "😀",
    "\ud800",
    "7",
    "а́",
]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", ""), ("Dear  Al-Amin_7, hi!", "dearalamin7hi"), ("STRASSE", "strasse"), ("straße", "strasse"), ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("σίσυφος", "σισυφοσ"), ("İIıi", "iiii"), ("ﬁn", "fin"), ("４２", "42"), ("\u200b\ud800\u0301", ""), ("😀", "😀"),
        ("❸❶❻ ⓿❿⓫ ٣١ ³ ①𝟙 3️⃣", "31601011313113"), ("🅚🆀 🅰🇰 ⓚ𝕜 🄺ᴋ", "kqakkkkk"), ("\U000e004b\U000e0037", "k7"), ("三½", "三12"),
    ],
)  # fmt: skip
def test_what_a_copy_may_change_makes_no_difference(text: str, form: str) -> None:
    assert folded(text) == form


@given(st.lists(st.sampled_from(CHUNKS)).map("".join))
def test_spellings_of_one_text_have_one_form(text: str) -> None:
    """Law: case, Unicode form and spaces are ignored, and folding again changes nothing."""
    form = folded(text)
    assert folded(form) == form
    for kind in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(kind, text)) == form
    assert folded(text.upper()) == form
    assert folded(" ".join(text)) == form


@given(st.lists(st.sampled_from(CHUNKS)).map("".join))
def test_each_character_comes_from_one_that_folds_to_it(text: str) -> None:
    """Law: the origins rise, one for each character of the form."""
    form, origins = folded_with_origins(text)
    assert form == folded(text)
    assert len(origins) == len(form)
    assert list(origins) == sorted(origins)
    assert all(character in folded(text[origin]) for character, origin in zip(form, origins, strict=True))


def test_ascii_folds_as_in_any_text() -> None:
    text = "".join(map(chr, range(128)))
    assert folded(text) + "e" == folded(text + "é")


def test_a_text_of_all_characters_takes_no_more_room_than_a_script() -> None:
    from sendspec.provider import folded_text  # the table is private; only its size is looked at

    folded("".join(map(chr, range(0, sys.maxunicode, 20))))
    assert len(folded_text._TABLE) <= MAX_CACHED
