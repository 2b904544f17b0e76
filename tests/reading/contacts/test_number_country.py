"""The country that a number's first digits tell is the phone library's, or unknown."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from sendspec.reading.contacts.country import COUNTRIES
from sendspec.reading.contacts.number_country import UNKNOWN, country_of_number
from sendspec.reading.contacts.number_plan import COUNTRY_BY_CODE


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+31612345678", "NL"),
        ("+4915112345678", "DE"),
        ("+447700900001", "GB"),
        ("+447781123456", "GG"),
        ("+447797123456", "JE"),
        ("+447624123456", "IM"),
        ("+12025550143", "US"),
        ("+16135550143", "CA"),
        ("+18095550143", "DO"),
        ("+18005550143", UNKNOWN),
        ("+19995550143", UNKNOWN),
        ("+79161234567", "RU"),
        ("+77011234567", "KZ"),
        ("+390669812345", "VA"),
        ("+393331234567", "IT"),
        ("+4779123456", "SJ"),
        ("+88213123456", UNKNOWN),
        ("+2101234567", UNKNOWN),
        ("ann@example.com", UNKNOWN),
        ("31612345678", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_countrys_numbers(number: str, country: str) -> None:
    assert country_of_number(number) == country


def test_examples_of_every_country_are_told_or_unknown() -> None:
    told = set()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            found = country_of_number(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
            told.add(found)
            assert found in (UNKNOWN, phonenumbers.region_code_for_number(example))
    assert COUNTRIES - told == {"BL", "EH", "MF"}, "whose examples are another country's too"
    assert set(COUNTRY_BY_CODE.values()) <= COUNTRIES


def test_valid_numbers_of_shared_codes_are_told_as_the_library_tells_them() -> None:
    chosen = random.Random(1)
    for code in (1, 7, 44, 212, 262, 290, 358, 39, 47, 61, 590, 599):
        for _ in range(1_000):
            digits = "".join(chosen.choices("0123456789", k=10 if code in (1, 7, 44) else 9))
            number = phonenumbers.PhoneNumber(country_code=code, national_number=int(digits))
            country = phonenumbers.region_code_for_number(number)
            found = country_of_number(f"+{code}{digits}")
            if country is not None and digits[0] != "0" and found != UNKNOWN and phonenumbers.is_valid_number(number):
                assert found == country, number
