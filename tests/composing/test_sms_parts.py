"""Laws of the division into parts: looking at the borders alone finds the parts that a walk over every character finds."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st
from sendspec.composing.platforms.gsm7 import EXTENSION
from sendspec.composing.platforms.sms_excess import excess
from sendspec.composing.platforms.sms_parts import gsm7_parts, last_part_units, ucs2_parts
from sendspec.composing.platforms.sms_segments import Encoding, measure, split, why_ucs2

FLAG, FAMILY, ACCENT, SKIN = "🇳🇱", "👩‍👩‍👧‍👦", "e\u0301", "👋🏽"
ASTRAL = ["😀", FLAG, FAMILY, SKIN, "𝒳", "\U0010ffff", "😀" * 33, "😀" * 34]
BMP = ["ж", ACCENT, "\u200d", "\ufe0f", "\uffff", "\ud7ff", "\ue000", "ж" * 65, "ж" * 66, "ж" * 67]
GSM7 = ["a", "€", "{", "é", "\n", "a" * 151, "a" * 152, "a" * 153, "€" * 76, "€" * 77]
ALONE = ["\ud83d", "\ude00", "\udfff"]
"""Surrogates without their other half: no document has some, but strings may."""


def chunks(*alphabets: list[str]) -> st.SearchStrategy[str]:
    """Texts of whole chunks, as many as fill some parts."""
    every = [chunk for alphabet in alphabets for chunk in alphabet]
    return st.lists(st.sampled_from(every), min_size=1, max_size=30).map("".join)


def walked(text: str, size_of: Callable[[str], int], most: int) -> tuple[str, ...]:
    """The parts by a walk over all characters."""
    parts, filled = [""], 0
    for character in text:
        if filled + size_of(character) > most:
            parts.append("")
            filled = 0
        parts[-1] += character
        filled += size_of(character)
    return tuple(parts)


def septets(text: str) -> int:
    return sum(2 if character in EXTENSION else 1 for character in text)


def utf16_units(text: str) -> int:
    return sum(2 if character > "\uffff" else 1 for character in text)


@given(chunks(ASTRAL, BMP, GSM7))
@example("ж" * 66 + "😀")
@example("ж" * 65 + "😀" + "ж" * 66 + "😀")
def test_ucs2_parts_are_those_of_a_walk(text: str) -> None:
    assert ucs2_parts(text) == walked(text, utf16_units, 67)
    assert last_part_units(text, is_gsm7=False) == utf16_units(walked(text, utf16_units, 67)[-1])


@given(chunks(GSM7))
@example("a" * 152 + "€" + "a" * 152 + "€")
@example("€" * 77)
def test_gsm7_parts_are_those_of_a_walk(text: str) -> None:
    assert gsm7_parts(text) == walked(text, septets, 153)
    assert last_part_units(text, is_gsm7=True) == septets(walked(text, septets, 153)[-1])


@given(chunks(ASTRAL, BMP, GSM7) | chunks(ASTRAL, GSM7) | chunks(GSM7))
def test_segments_and_excess_are_those_of_the_parts(text: str) -> None:
    measured, parts = measure(text), split(text)
    assert (len(parts), "".join(parts)) == (measured.segments, text)
    units = septets if measured.encoding is Encoding.GSM7 else utf16_units
    assert measured.units == units(text)
    if measured.segments > 2:
        assert excess(text, measured) == units(parts[-1])


@given(st.lists(st.sampled_from([*ALONE, *BMP, "a"]), min_size=1, max_size=30))
@example(["ж" * 66, "\ude00", "ж" * 65])
def test_a_surrogate_without_its_other_half_counts_as_one_unit(pieces: list[str]) -> None:
    text = "a".join(pieces)
    assert measure(text).units == len(text)
    assert ucs2_parts(text) == walked(text, utf16_units, 67)


@given(chunks(ASTRAL, BMP, GSM7))
@example("абвгдежз" * 5 + "и")
@example("ж" * 40 + "абвгдези")
def test_another_script_is_told_wherever_its_characters_are(text: str) -> None:
    forcing = {character for character in text if measure(character).encoding is Encoding.UCS2}
    assert (why_ucs2(text, 9) == ("", 0, 0)) == (len(forcing) > 8)
