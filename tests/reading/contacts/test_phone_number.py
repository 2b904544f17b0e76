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
        ("+49123456", None, "+49123456"),
        ("+491234567890123", None, "+491234567890123"),
        ("+49 30/123456", None, "+4930123456"),
        ("+49 (0)33933/12345", None, "+493393312345"),
        ("+32 2/123.45.67", None, "+3221234567"),
        ("+36/20/123-4567", None, "+36201234567"),
        ("0612345678", "NL", "+31612345678"),
        ("612345678", "NL", "+31612345678"),
        ("31612345678", "NL", "+31612345678"),
        ("0031612345678", "NL", "+31612345678"),
        ("(020) 123 4567", "NL", "+31201234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("033933/12345", "DE", "+493393312345"),
        ("004933933/12345", "NL", "+493393312345"),
        ("0049(0)171/1234567", "DE", "+491711234567"),
        ("0049171/1234567", "NL", "+491711234567"),
        ("+49(0)2171/123456", None, "+492171123456"),
        ("3912345678", "IT", "+393912345678"),
        ("04931/123456", "DE", "+494931123456"),
        ("0475/12.34.56", "BE", "+32475123456"),
        ("06/20/123-4567", "HU", "+36201234567"),
        ("201/555-0123", "US", "+12015550123"),
        ("201.555.0123", "US", "+12015550123"),
        ("+31\u00a06\u202f12345678\u00a0", None, "+31612345678"),
        ("06–12 34\u201156\u221278", "NL", "+31612345678"),
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
        ("+31\u2060612345678", None, "phone-digits"),
        ("+31\u202a612345678", None, "phone-digits"),
        ("–0612345678", "NL", "phone-letters"),
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
        ("+44 7700 900018/19", None, "phone-several"),
        ("+31612345678/9", None, "phone-several"),
        ("+49 30 123456/7", None, "phone-several"),
        ("030/123456/7", "DE", "phone-several"),
        ("0612345678/79", "NL", "phone-several"),
        ("(020) 123 4567 / 8", "NL", "phone-several"),
        ("0031612345678/9", None, "phone-several"),
        ("+44 7700 900018-19", None, "phone-length"),
        ("+31612345678-9", None, "phone-length"),
        ("+1 202 555 01", None, "phone-length"),
        ("+1 202 555 0130 1", None, "phone-length"),
        ("+3161234567", None, "phone-length"),
        ("+316123456789", None, "phone-length"),
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
        "add `country:` with the country of these numbers, such as NL or FR, under recipients, or write the number with + and its country code",
    )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("+120255501", "'+12••••••01' has 9 digits; a number that begins with +1 has 11"),
        ("+447700900018190", "'+44••••••90' has 15 digits; a number that begins with +44 has 11 or 12"),
        ("+4712345", "'+47••••••45' has 7 digits; a number with its country code has 8 to 15"),
        ("+30123456789012", "'+30••••••12' has 14 digits; a number that begins with +30 has 12"),
        ("+2011234567890", "'+20••••••90' has 13 digits; a number that begins with +20 has 10 to 12"),
    ],
)
def test_a_wrong_length_says_which_the_country_has(written: str, says: str) -> None:
    fault = normalise_phone(written)
    assert isinstance(fault, Problem)
    assert (fault.code, fault.problem) == ("phone-length", says)


@pytest.mark.parametrize(
    ("written", "country", "why", "fix"),
    [
        ("06 1234 567", "NL", ": 9 digits are too few", "add the digits that are missing"),
        ("06123", "NL", ": 5 digits are too few", "add the digits that are missing"),
        ("06 12345 678901", "NL", ": 13 digits are too many", "remove what is too much"),
        ("0791 12345678", "GB", ": 12 digits are too many", "remove what is too much"),
        ("0112345678", "US", "", "correct it"),
    ],
)
def test_a_national_number_of_another_length_says_how_it_differs(
    written: str, country: str, why: str, fix: str
) -> None:
    fault = normalise_phone(written, country)
    assert isinstance(fault, Problem)
    assert fault.code == "phone-number"
    assert fault.problem.endswith(f"can't be a number of {country}{why}")
    assert fault.fix.startswith(fix)


@pytest.mark.parametrize(("written", "country"), [("49171 1234567", "DE"), ("62812345678", "ID")])
def test_a_number_that_has_lost_its_plus_is_not_read_as_a_landline(written: str, country: str) -> None:
    fault = normalise_phone(written, country)
    assert isinstance(fault, Problem)
    assert f"begins with {written[:2]}, the code of {country}" in fault.problem
    assert fault.fix.startswith("write + in front of it")


@pytest.mark.parametrize(
    ("written", "code", "says", "fix"),
    [
        ("n/a", "phone-empty", "'n/a' is in the place of a phone number", "fill it in, or empty the cell"),
        ("–", "phone-empty", "'–' is in the place of a phone number", "fill it in"),
        ("#N/A", "spreadsheet-error", "'#N/A' is a spreadsheet's error value", "correct the cell"),
        (" #BEZUG! ", "spreadsheet-error", "'#BEZUG!' is a spreadsheet's error value", "correct the cell"),
        ("#########", "spreadsheet-error", "'#########' is what a spreadsheet shows", "widen the column"),
        ("Total", "phone-letters", "'Total' is not a phone number: it has no digits", "write the person's number, or remove the row"),
        ("'+31612345678", "phone-letters", "'+31••••••78' has an apostrophe", "remove the apostrophe"),
        ('="0612345678"', "phone-letters", "'06••••••78' is in a spreadsheet's formula", "write the number without"),
        ("O612345678", "phone-letters", "'O6••••••78' has the letter O where a 0 belongs", "write 0 instead of O"),
        ("+3l612345678", "phone-letters", "'+3l••••••78' has the letter l where a 1 belongs", "write 1 instead of l"),
        ("tel 0612345678", "phone-letters", "'tel' stands before the number '06••••••78'", "remove 'tel'"),
        ("Ann 0612345678", "phone-letters", "'An••••••78' has letters in it", "write the number with the digits"),
        ("31612345678.0", "spreadsheet-number", "'31••••••.0' is a phone number that a spreadsheet has", "remove '.0' from its end"),
        ("ann@example.com", "phone-letters", "'an••••@ex…' is an e-mail address", "write the phone number, or use a channel"),
    ],
)  # fmt: skip
def test_each_mistake_has_words_and_a_fix_of_its_own(written: str, code: str, says: str, fix: str) -> None:
    fault = normalise_phone(written, "NL")
    assert isinstance(fault, Problem)
    assert fault.code == code
    assert fault.problem.startswith(says)
    assert fault.fix.startswith(fix)


def test_any_length_of_8_to_15_digits_passes_where_that_is_asked_for() -> None:
    for written in ("+1 202 555 01", "+12025550", "+31612345678-9", "+316123456789012"):
        assert normalise_phone(written, None, True) == "+" + "".join(filter(str.isdigit, written))
    for written in ("+3161234", "+3161234567890123"):
        fault = normalise_phone(written, None, True)
        assert isinstance(fault, Problem)
        assert fault.code == "phone-length"


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
