"""Measuring an SMS: every boundary, against a slow count that shares nothing with it but the tables of the standard."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.composing.platforms.gsm7 import BASIC, EXTENSION
from sendspec.composing.platforms.sms_segments import (
    BASIC_ASCII,
    Encoding,
    basic_measure,
    forcing,
    measure,
    split,
    why_ucs2,
)


def slow_parts(text: str) -> list[str]:
    """Greedy packing, one character at a time, with each character's size looked up."""
    gsm7 = all(c in BASIC or c in EXTENSION for c in text)

    def size(part: str) -> int:
        return sum(2 if c in EXTENSION else 1 for c in part) if gsm7 else len(part.encode("utf-16-be")) // 2

    if size(text) <= (160 if gsm7 else 70):
        return [text] if text else []
    parts = [""]
    for character in text:
        if size(parts[-1] + character) > (153 if gsm7 else 67):
            parts.append("")
        parts[-1] += character
    return parts


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 80 + "a", "GSM-7", 161, 2),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("a" * 158 + "€", "GSM-7", 160, 1),
        ("a" * 152 + "€" + "b" * 152, "GSM-7", 306, 3),
        ("a" * 153 + "€" + "b" * 151, "GSM-7", 306, 2),
        ("\\^~[]{}|€\f", "GSM-7", 20, 1),
        ("Ç", "GSM-7", 1, 1),
        ("ç", "UCS-2", 1, 1),
        ("\r\n", "GSM-7", 2, 1),
        ("\x1b", "UCS-2", 1, 1),
        ("ж" * 70, "UCS-2", 70, 1),
        ("ж" * 71, "UCS-2", 71, 2),
        ("ж" * 134, "UCS-2", 134, 2),
        ("ж" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("ж" * 66 + "😀" + "ж" * 66, "UCS-2", 134, 3),
        ("ж" * 67 + "😀" + "ж" * 65, "UCS-2", 134, 2),
        ("ж€", "UCS-2", 2, 1),
        ("👨‍👩‍👧‍👦", "UCS-2", 11, 1),
        ("🇳🇱", "UCS-2", 4, 1),
        ("Hi Zoë", "UCS-2", 6, 1),
        ("Hi Chloé, à bientôt".replace("ô", "o"), "GSM-7", 19, 1),
    ],
)
def test_encoding_units_and_segments(text: str, encoding: str, units: int, segments: int) -> None:
    found = measure(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)
    assert found.characters == len(text)


CHUNKS = st.lists(
    st.sampled_from(
        ["a", "€", "ж", "😀", "é", "\n", "{", "a" * 50, "€" * 20, "ж" * 20, "😀" * 10, "👨‍👩‍👧‍👦", "’", "@"]
    ),
    max_size=40,
).map("".join)


@given(CHUNKS)
def test_it_counts_as_the_slow_way_counts(text: str) -> None:
    """The law: the parts are those of greedy packing, they join to the text, and there are as many as are measured."""
    assert list(split(text)) == slow_parts(text)
    assert measure(text).segments == len(slow_parts(text))
    assert "".join(split(text)) == text


@given(CHUNKS)
def test_no_part_splits_a_pair_or_exceeds_its_limit(text: str) -> None:
    parts = split(text)
    gsm7 = measure(text).encoding is Encoding.GSM7
    for part in parts:
        units = sum(2 if c in EXTENSION else 1 for c in part) if gsm7 else len(part.encode("utf-16-be")) // 2
        assert units <= ((160 if gsm7 else 70) if len(parts) == 1 else (153 if gsm7 else 67))


def test_the_tables_are_those_of_the_standard() -> None:
    assert len(set(BASIC)) == 127
    assert set(EXTENSION) == set("\f^{}\\[~]|€")
    every = {chr(n) for n in range(0x10000) if not 0xD800 <= n < 0xE000}
    assert sum(measure(c).encoding is Encoding.GSM7 for c in every) == 127 + 10


def test_what_forced_ucs2_is_told_with_a_plain_spelling_where_there_is_one() -> None:
    found = forcing("It’s “ready” ж")
    assert [(f.character, f.index, f.replacement) for f in found] == [
        ("’", 2, "'"),
        ("“", 5, '"'),
        ("”", 11, '"'),
        ("ж", 13, None),
    ]
    assert forcing("plain €") == ()


@given(CHUNKS, CHUNKS)
def test_more_text_never_takes_fewer_segments(text: str, more: str) -> None:
    """The law: what is added may make every character dearer, and never makes a message smaller."""
    together = measure(text + more)
    assert together.segments >= max(measure(text).segments, measure(more).segments)
    assert together.units >= max(len(text), len(more))
    assert together.encoding is Encoding.UCS2 or measure(text).encoding is Encoding.GSM7


def test_json_in_basic_ascii_is_of_a_text_of_one_septet_a_character() -> None:
    told = [
        text
        for code in (*range(0xD800), *range(0xE000, 0x11000))
        if not orjson.dumps(text := f"a{chr(code)}").translate(None, BASIC_ASCII)
    ]
    assert [text for text in told if measure(text) != basic_measure(2)] == []
    assert {text[1] for text in told} == set(filter(str.isascii, BASIC)) - set('"\n\r')


@pytest.mark.parametrize(
    ("text", "forced_by"),
    [
        ("It’s", ("’", 0, 1)),
        ("It’s “ready”", ("’“”", 0, 0)),
        ("’" + "a" * 100, ("’", 1, 1)),
        ("`" + "a" * 160, ("`", 1, 1)),
        ("…" * 60 + "a" * 11, ("…", 0, 60)),
        ("ж" + "a" * 200 + "€", ("ж", 2, 1)),
        ("абвгдежз", ("абвгдежз", 0, 0)),
        ("абвгдежзи" * 20, ("", 0, 0)),
    ],
)
def test_why_a_text_is_ucs2_and_what_a_replacement_saves(text: str, forced_by: tuple[str, int, int]) -> None:
    assert why_ucs2(text, measure(text).segments) == forced_by
