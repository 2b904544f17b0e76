"""Characters that must not be shown or sent are found, and replaced without moving a column."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.characters import forbidden_character, with_visible_characters, without_surrogates


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x85", "\u200e", "\u202e", "\u2028", "\ufffe", "\ud800"]
)
def test_controls_direction_marks_and_half_surrogates_are_forbidden(character: str) -> None:
    found = forbidden_character(f"Hi {character}!")
    assert found is not None
    assert found.start() == 3
    assert with_visible_characters(f"a{character}b") == "a�b"


@pytest.mark.parametrize("text", ["Hi\tthere\r\n", "Zoë 漢字 😀", "\u200b"])
def test_ordinary_text_is_allowed(text: str) -> None:
    assert forbidden_character(text) is None


def test_a_half_surrogate_is_replaced_and_a_character_beyond_the_first_plane_stays() -> None:
    assert without_surrogates("a\udcffb😀") == "a\ufffdb😀"
