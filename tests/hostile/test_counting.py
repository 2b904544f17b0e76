"""Segments and phone numbers beside other people's programs: where ours differ, the test says why."""

from __future__ import annotations

import json
import random

import phonenumbers
import pytest
from long_rows import all_but, long
from oracles import run_oracle
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from sendspec.composing.platforms.gsm7 import BASIC, EXTENSION
from sendspec.composing.platforms.sms_segments import Encoding, measure
from sendspec.reading.contacts.phone_number import normalise_phone

SINGLE = [*BASIC, *EXTENSION * 3, "ж", "漢", "“", "\u00a0", "😀", "\U0001f600", "한"]
"""Characters that readers see as one each, whatever stands beside them."""
COMBINED = ["e\u0301", "👨\u200d👩\u200d👧", "🇳🇱", "👍🏽", "❤\ufe0f", "ก็"]
"""What readers see as one character, and is several."""


def counted(texts: list[str]) -> list[tuple[str, int]]:
    """Encoding and number of segments of each text, by `sms-segments-calculator`."""
    lines = run_oracle("segments.cjs", stdin="".join(f"{json.dumps(text)}\n" for text in texts)).splitlines()
    found = [(encoding, int(count)) for encoding, count in map(str.split, lines)]
    assert len(found) == len(texts)
    return found


def ours(text: str) -> tuple[str, int]:
    found = measure(text)
    return found.encoding.value, found.segments


@long
def test_every_character_of_the_basic_plane_has_the_same_encoding() -> None:
    texts = [chr(point) for point in range(1, 0x1_0000) if not 0xD800 <= point <= 0xDFFF]
    assert [(text, *ours(text)) for text in texts] == [
        (text, *theirs) for text, theirs in zip(texts, counted(texts), strict=True)
    ]


@pytest.mark.parametrize("count", all_but([200], [200, 1_500]))
def test_texts_of_single_characters_have_as_many_segments(count: int) -> None:
    drawn = random.Random(12)
    kinds = [BASIC, BASIC + EXTENSION * 5, EXTENSION, "".join(SINGLE), "ж", "😀", "aж😀"]
    texts = ["".join(drawn.choices(drawn.choice(kinds), k=drawn.randint(1, 400))) for _ in range(count)]
    near = [length for edge in (35, 67, 70, 80, 134, 153, 160, 306) for length in range(edge - 2, edge + 3)]
    edges = [kind * length + "a" * more for kind in ("a", "€", "ж", "😀") for length in near for more in range(2)]
    texts += edges
    assert [ours(text) for text in texts] == counted(texts)


def test_what_readers_see_as_one_character_may_be_cut_by_the_standard() -> None:
    """The other program keeps it in one part; 3GPP TS 23.040 counts units, and nothing there knows what readers see.

    So it may count more segments than ours, never fewer, and the encoding is the same.
    """
    drawn = random.Random(12)
    texts = ["".join(drawn.choices([*COMBINED, "a", "ж"], k=drawn.randint(1, 150))) for _ in range(1_000)]
    pairs = list(zip(map(ours, texts), counted(texts), strict=True))
    assert all(mine[0] == theirs[0] == Encoding.UCS2 or mine == theirs for mine, theirs in pairs)
    assert all(mine[1] <= theirs[1] for mine, theirs in pairs)
    assert any(mine[1] < theirs[1] for mine, theirs in pairs)


def test_an_empty_text_has_no_segment() -> None:
    """The other program counts one; nothing is sent, and nothing billed."""
    assert ours("") == ("GSM-7", 0)
    assert counted([""]) == [("GSM-7", 1)]


TOO_SHORT = {"TA", "NU", "TK"}
"""Regions with numbers of 7 digits, their country code's among them: Tristan da Cunha, Niue, Tokelau."""
KINDS = [
    PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.TOLL_FREE, PhoneNumberType.PAGER,
]  # fmt: skip
"""What a message can be sent to, and what is often mistaken for it. Companies' numbers of few digits (UAN) are none of these."""


@pytest.mark.parametrize("kind", KINDS)
def test_the_librarys_example_number_of_every_region_is_read(kind: int) -> None:
    refused: set[str] = set()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        written = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        spellings = [
            (written, None),
            (phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL), None),
            (phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL), region),
        ]
        if any(normalise_phone(text, country) != written for text, country in spellings):
            refused.add(region)
    assert refused <= TOO_SHORT
