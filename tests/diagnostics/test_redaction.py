"""What is shown of numbers and texts that belong to others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.diagnostics.redaction import is_all_visible, mask, mask_in_place, mask_in_row, printable, spelled


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+31612345678", "+31••••••78"),
        ("0612345678", "06••••••78"),
        (" +31612345678 ", "+31••••••78"),
        ("robert@example.com", "ro••••@ex…"),
        ("r@example.com", "••••@ex…"),
        ("ro@example.com", "r••••@ex…"),
        ("", "••"),
        ("1234", "••"),
        ("12345", "1••••••5"),
        ("\u202e31612345678", "\\u202e3••••••78"),
    ],
)
def test_a_masked_value_keeps_its_ends_only(value: str, shown: str) -> None:
    assert mask(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A-1017,Ana,0612345678,2026-12-01", "A-1017,Ana,06••••••78,2026-12-01"),
        ("+31 6 1234-5678", "+31••••••••••78"),
        ("+31612345678/+31687654321", "+31•••••••78/+31•••••••21"),
        ("(020) 123.45.67", "(02••••••••••67"),
        ("٠٦١٢٣٤٥٦٧٨", "٠٦••••••٧٨"),
        ("06\u200e12345678", "06•••••••78"),
        ("order 123456", "order 123456"),
        ("20261201-0612345678", "20•••••••••••••••78"),
        ("at 2026-12-01T10:00:00Z", "at 2026-12-01T10:00:00Z"),
        ("channel: 123e4567-e89b-12d3-a456-426614174000", "channel: 123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_numbers_are_dotted_where_they_stand(text: str, shown: str) -> None:
    assert mask_in_place(text) == shown
    assert len(shown) == len(text)


@given(st.from_regex(r"\A\+[1-9][0-9]{7,14}\Z"), st.text(alphabet="ab ,;\"'é漢\t", max_size=20))
def test_no_whole_number_is_left_and_no_column_moves(number: str, around: str) -> None:
    text = around + number + around
    masked = mask_in_place(text)
    assert number[1:] not in masked
    assert len(masked) == len(text)
    assert number[1:] not in mask(number)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë ’s 漢字 😀", "Zoë ’s 漢字 😀"),
        ("a\u202eb\x00c", "a\\u202eb\\u0000c"),
        ("two\nlines\tand\rmore", "two\\nlines\\tand\\rmore"),
        ("tag \U000e0001", "tag \\U000e0001"),
        ("no\u00a0break", "no\u00a0break"),
        (
            "a\u3164b\u2800c\u034fd\u17b4e\U000e0100f\u115f\uffa0",
            "a\\u3164b\\u2800c\\u034fd\\u17b4e\\U000e0100f\\u115f\\uffa0",
        ),
        (
            "a\ufe0fb ☎\ufe0f 1\ufe0f\u20e3 2\ufe0f 👍\ufe0f\ufe0f",
            "a\\ufe0fb ☎\ufe0f 1\ufe0f\u20e3 2\\ufe0f 👍\ufe0f\\ufe0f",
        ),
    ],
)
def test_characters_that_act_are_shown_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


BLANK = [
    "a", "\\", "n", "u", "u200b", "⟨", "⟩", "\u200b", "\n", "\u3164", "27e8", "5", "c", "0", "\ufe0f", "👍",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(BLANK), max_size=8).map("".join), st.lists(st.sampled_from(BLANK), max_size=8).map("".join)
)
def test_different_messages_read_differently(first: str, second: str) -> None:
    assert (printable(spelled(first)) == printable(spelled(second))) is (first == second)
    assert _read_back(printable(spelled(first))) == first
    assert "⟨" not in spelled(first)
    assert is_all_visible(printable(first))


def _read_back(shown: str) -> str:
    named = {"n": "\n", "r": "\r", "t": "\t"}
    return re.sub(
        r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt]))",
        lambda found: named[found[3]] if found[3] else chr(int(found[1] or found[2], 16)),
        shown,
    )


def test_every_character_that_unicode_tells_to_ignore_is_an_escape() -> None:
    ignorable = (
        0xAD, 0x34F, 0x61C, *range(0x115F, 0x1161), *range(0x17B4, 0x17B6), *range(0x180B, 0x1810), *range(0x200B, 0x2010),
        *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFF9),
        *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000),
    )  # fmt: skip
    assert [hex(code) for code in ignorable if printable(f"a{chr(code)}b").isascii() is False] == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ann.lee@example.com,1", "an•••••@ex•••••••••,1"),
        ("x canary@example..com", "x ca••••@ex••••••••••"),
        ("Ann <ann@exämple.com>;bob@c.de", "Ann <an•@ex•••••••••>;bo•@c.••"),
        ("@page { } {{ a@b }} @", "@page { } {{ a@b }} @"),
        ("a@b.", "a@b."),
    ],
)
def test_an_email_address_is_masked_in_its_place(text: str, masked: str) -> None:
    assert mask_in_place(text) == masked


def test_masking_addresses_takes_no_longer_than_the_text_is_long() -> None:
    for text in ("@" * 100_000, "a" * 64 + "@" + "b." * 50_000, "a@b." * 25_000):
        assert len(mask_in_place(text)) == len(text)


@pytest.mark.parametrize(
    "sign", ["'", "\u2019", "\u00b7", "\u2022", "\u2009", "\u3000", "\uff0d", *"_\\|*~:#=&", " - "]
)
def test_a_number_is_masked_whatever_stands_between_its_digits(sign: str) -> None:
    masked = mask_in_place(f"+44{sign}7700{sign}900{sign}001,12,2024-01-05")
    assert "7700" not in masked
    assert "900" not in masked
    assert masked.endswith("01,12,2024-01-05")
    assert len(masked) == len(f"+44{sign}7700{sign}900{sign}001,12,2024-01-05")


def test_digits_in_other_forms_are_masked() -> None:
    escaped = "".join(f"\\u{ord(c):04x}" for c in "+447700900001")
    assert "003" not in mask_in_place(escaped)[14:-2]
    assert (
        mask_in_place("\u2460\u2461\u2462\u2463\u2464\u2465\u2466\u2467")
        == "\u2460\u2461" + "\u2022" * 4 + "\u2466\u2467"
    )


def test_what_is_no_number_stays() -> None:
    for text in (
        "2024-01-05T10:00:00Z at 12:30:45",
        "rate: 50/s, 1000, 20",
        "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01",
        "A12, B-34;56",
        "01-12-2026, 1/2/2026 and 31.12.1999",
        "continue_with: 12345678901234ef, `continue_with: '0612345678901234'`",
        "v1:0612345678abcdef0612345678abcdef0612345678abcdef0612345678abcdef",
        "v1:b804435ab7462b9e87fc0ce7947755cd53e40663bc2308c32d100cf405f90839",
    ):
        assert mask_in_place(text) == text


@pytest.mark.parametrize(
    "cell",
    [
        "2026-12-01", "01-12-2026", "1/12/2026", "12/31/2026", "01.12.2026 10:30", "2026/12/01", "2026-12-01T10:00:00.123+01:00",
        "12:30:45.123456", "A-1017", "A-1017123", "INV-2026-00123", "ord_123456", "3f9c2a7b51d08e4612345f7f",
        "d41d8cd98f00b204e9800998ecf8427e", "m3f9c2a7b51d08e463f9c2a7b51d08e46",
    ],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_in_a_row_what_is_no_number_stays(cell: str, delimiter: str) -> None:
    row = delimiter.join(["A-1017", "Ana", "06•••••••78", cell, f'"{cell}"'])
    assert mask_in_row(row.replace("06•••••••78", "06 12345678")) == row


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("A-1017,Ana,0612345678,2026-12-01", "A-1017,Ana,06••••••78,2026-12-01"),
        ("0612345678;06-87654321;ann@example.com", "06••••••78;06•••••••21;an•@ex•••••••••"),
        ("T0612345678,tel:20123456,tel-1234567,DK20123456", "T06••••••78,tel:20••••56,tel-12•••67,DK20••••56"),
        ("order 0612345678 2026-12-01", "order 06•••••••••••••••••01"),
        ("20261201,1000001234,06.12.34.56.78", "20••••01,10••••••34,06••••••••••78"),
        ("0612345678abcdef,+31612345678 2026-12-01", "06••••••78abcdef,+31••••••••••••••••••01"),
        ("01-12-2026-5678", "01•••••••••••78"),
        ("06l2345678,O612345678,+3l 6 12345678", "06••••••78,O6••••••78,+3l•••••••••78"),
        ("3.16E+10,A-1;6,12E+10;3,1612345678E10", "3.••E+10,A-1;6,••E+10;3,••••••••••E10"),
    ],
)
def test_in_a_row_what_may_be_a_number_is_masked(row: str, shown: str) -> None:
    assert mask_in_row(row) == shown


PIECES = ["+31612345678", "0612345678", "T", "A-", ",", ";", '"', "|", " ", "-", "/", "2026-12-01", "a", "f0"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_no_row_shows_a_whole_number_and_no_column_moves(row: str) -> None:
    shown = mask_in_row(row)
    assert "612345678" not in shown
    assert len(shown) == len(row)


def test_masking_a_row_takes_no_longer_than_the_row_is_long() -> None:
    for row in ("a" * 100_000, "1-" * 50_000, "0123456789abcdef" * 6_000, "," * 100_000):
        assert len(mask_in_row(row)) == len(row)


def test_what_only_resembles_a_date_or_a_digest_is_masked() -> None:
    for text in (
        "32-12-2026",
        "01-13-2026",
        "+01-12-2026",
        "01-12-20261",
        "1234567890123456",
        "0612345678ab",
        "06.01-12-2026",
    ):
        assert "•" in mask_in_place(text), text


@pytest.mark.parametrize("text", ["127.0.0.1:39661", "http://10.0.0.12:8080/x", "'192.168.178.20:443'"])
def test_the_address_of_a_server_with_its_port_is_no_number(text: str) -> None:
    assert mask_in_place(text) == text


@pytest.mark.parametrize(
    "text", ["20.12.34.56", "020.123.45.67:80", "+31.6.123.456:10", "06.12.34.56.78:99", "1.2.3.4:5678901"]
)
def test_what_may_be_a_number_is_masked_however_it_is_dotted(text: str) -> None:
    assert "•" in mask_in_place(text)


def test_noncharacters_are_escaped() -> None:
    assert printable("a\ufdd0b\ufffe\U0010ffff") == "a\\ufdd0b\\ufffe\\U0010ffff"
    assert printable("\ufffd👍") == "\ufffd👍"


@pytest.mark.parametrize("sign", ["+", "", "++", " +"])
@pytest.mark.parametrize("end", ["", "²", "٠", "０", "@", "a", "-", "\u202e"])
def test_a_number_in_its_normal_form_is_masked_as_with_white_space_around_it(sign: str, end: str) -> None:
    """The short way for most numbers gives what the long way gives."""
    for digits in range(17):
        text = f"{sign}{'1234567890123456'[:digits]}{end}"
        assert mask(text) == mask(f"{text} ")
