"""Characters that must not be shown or sent are found, and replaced without moving a column."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.characters import (
    _FORBIDDEN_IN_FILE,
    forbidden_character,
    forbidden_in_file,
    is_clean,
    with_visible_characters,
    without_surrogates,
)
from sendspec.reading.documents import yaml_scanner
from sendspec.reading.tables import text_lines


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


def test_no_character_that_is_looked_for_is_clean() -> None:
    """A clean text needs no search, so no expression may match a clean character."""
    for expression in (_FORBIDDEN_IN_FILE, yaml_scanner._NOT_PRINTABLE, text_lines._FORBIDDEN):
        matched = [character for character in map(chr, range(0x11_0000)) if expression.search(character)]
        assert len(matched) > 60
        assert not any(map(is_clean, matched))


def test_usual_text_is_clean() -> None:
    assert is_clean("Zoë\t漢字\n😀")


def test_a_lone_carriage_return_is_forbidden_in_a_file_alone() -> None:
    assert forbidden_character("a\rb") is None
    found = forbidden_in_file("a\rb")
    assert found is not None
    assert found.start() == 1
