"""Phone numbers: which spellings are one number, and why others are refused."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.phone_number import normalise_phone


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+31612345678", None, "+31612345678"),
        (" +31 6 1234 5678 ", None, "+31612345678"),
        ("(+31) 6-1234.5678", None, "+31612345678"),
        ("+31 (0)6 12345678", None, "+31612345678"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("+39 (0)6 69812345", None, "+390669812345"),
        ("+390669812345", None, "+390669812345"),
        ("+225 07 01 23 45 67", None, "+2250701234567"),
        ("+1 (201) 555-0123", None, "+12015550123"),
        ("+31612345678", "US", "+31612345678"),
        ("+12345678", None, "+12345678"),
        ("+123456789012345", None, "+123456789012345"),
        ("0612345678", "NL", "+31612345678"),
        ("612345678", "NL", "+31612345678"),
        ("31612345678", "NL", "+31612345678"),
        ("0031612345678", "NL", "+31612345678"),
        ("(020) 123 4567", "NL", "+31201234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("201.555.0123", "US", "+12015550123"),
    ],
)
def test_every_spelling_of_a_number_becomes_one(written: str, country: str | None, number: str) -> None:
    assert normalise_phone(written, country) == number


@pytest.mark.parametrize(
    ("written", "country", "code"),
    [
        ("", None, "phone-empty"),
        (" \t ", "NL", "phone-empty"),
        ("0612345678", None, "phone-country"),
        ("0031612345678", None, "phone-country"),
        ("31612345678", None, "phone-country"),
        ("+1-800-FLOWERS", None, "phone-letters"),
        ("1-800-FLOWERS", "US", "phone-letters"),
        ("tel:+31612345678", None, "phone-letters"),
        ("'+31612345678", None, "phone-letters"),
        ("+31+612345678", None, "phone-letters"),
        ("-0612345678", "NL", "phone-letters"),
        ("+", None, "phone-letters"),
        ("+31б12345678", None, "phone-letters"),
        ("+٣١٦١٢٣٤٥٦٧٨", None, "phone-digits"),
        ("+３１６１２３４５６７８", None, "phone-digits"),
        ("०६१२३४५६७८", "NL", "phone-digits"),
        ("+31612345678\u202c", None, "phone-digits"),
        ("+31\u00a0612345678", None, "phone-digits"),
        ("+31612345678;ext=2", None, "phone-extension"),
        ("+31612345678 x12", None, "phone-extension"),
        ("+31612345678x12", None, "phone-extension"),
        ("0201234567 ext. 2", "NL", "phone-extension"),
        ("+31612345678#2", None, "phone-extension"),
        ("+31612345678, +31687654321", None, "phone-several"),
        ("+31612345678/+31687654321", None, "phone-several"),
        ("+31612345678 +31687654321", None, "phone-several"),
        ("+31612345678;+31687654321", None, "phone-several"),
        ("0612345678/0687654321", "NL", "phone-several"),
        ("0612345678 0687654321", "NL", "phone-several"),
        ("0612345678 or 0687654321", "NL", "phone-several"),
        ("+31612345678\n+31687654321", None, "phone-several"),
        ("+3161234", None, "phone-length"),
        ("+3161234567890123", None, "phone-length"),
        ("123", None, "phone-length"),
        ("123456789012345678", None, "phone-length"),
        ("+999123456789", None, "phone-unassigned"),
        ("+210123456789", None, "phone-unassigned"),
        ("+0612345678", None, "phone-unassigned"),
        ("+310612345678", None, "phone-trunk-zero"),
        ("+31 06 12345678", None, "phone-trunk-zero"),
        ("3.16123E+10", None, "spreadsheet-number"),
        ("3,16123e+10", None, "spreadsheet-number"),
        ("31612345678.0", None, "spreadsheet-number"),
        ("612345678.00", "NL", "spreadsheet-number"),
        ("112", "NL", "phone-number"),
        ("06123456789999", "NL", "phone-number"),
        ("0612345678", "US", "phone-number"),
        ("0612345678", "nl", "unknown-country"),
        ("0612345678", "Netherlands", "unknown-country"),
    ],
)
def test_what_is_no_number_is_refused_by_its_reason(written: str, country: str | None, code: str) -> None:
    fault = normalise_phone(written, country)
    assert isinstance(fault, Problem)
    assert fault.code == code


def test_a_national_number_without_a_country_says_both_ways_out() -> None:
    assert normalise_phone("0612345678", None) == Problem(
        "phone-country",
        "'06••••••78' is a national number, and no country is given",
        "add `country: NL` under recipients, or write the number with + and its country code",
    )


def test_a_number_from_a_spreadsheet_is_recognisable_and_not_whole() -> None:
    fault = normalise_phone("3.1612345678E+10", None)
    assert isinstance(fault, Problem)
    assert fault.problem == "'3.••••E+10' is a phone number that a spreadsheet has changed"


def test_a_character_of_another_script_is_named() -> None:
    fault = normalise_phone("+31612345678\u202c", None)
    assert isinstance(fault, Problem)
    assert "U+202C (pop directional formatting)" in fault.problem


def test_the_short_way_for_numbers_that_are_right_comes_to_the_same() -> None:
    """A space in front has a number read the long way."""
    for start in range(10_000):
        for rest in ("123", "1234", "12345678901", "123456789012"):
            number = f"+{start:04}{rest}"
            assert normalise_phone(number) == normalise_phone(" " + number)
