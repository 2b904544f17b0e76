"""Landlines are told from mobile numbers where a country's plan does so, and nowhere else."""

from __future__ import annotations

from itertools import product
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType, national_significant_number
from sendspec.reading.contacts.country_codes import LENGTHS, code_of
from sendspec.reading.contacts.landline import is_landline, landline_starts


@pytest.mark.parametrize(
    "number",
    ["+31201234567", "+442079460958", "+4930123456", "+390669812345", "+33142685300", "+351212345678", "+358131234567"],
)
def test_a_landline_is_told_by_its_first_digits(number: str) -> None:
    assert is_landline(number)


@pytest.mark.parametrize(
    "number",
    [
        "+31612345678",
        "+447700900123",
        "+4915123456789",
        "+393123456789",
        "+33612345678",
        "+351912345678",
        "+12025550130",
    ],
)
def test_a_mobile_number_and_one_that_may_be_mobile_are_not(number: str) -> None:
    assert not is_landline(number)


def test_the_library_takes_no_number_that_begins_like_a_landline_for_another() -> None:
    random = Random(1)
    found = 0
    for start in sorted(landline_starts()):
        for length in LENGTHS[code_of(start) or ""]:
            digits = "".join(random.choices("0123456789", k=length - len(start) + 1))
            number = phonenumbers.parse(start + digits)
            if phonenumbers.is_valid_number(number):
                found += 1
                assert phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE, number
    assert found > 1_000


def test_a_number_is_looked_up_by_its_country_as_among_all_starts() -> None:
    starts = landline_starts()
    heads = [
        f"+{head}" for length in range(6) for head in ("".join(each) for each in product("0123456789", repeat=length))
    ]
    for head in heads:
        for number in (head, f"{head}00000", f"{head}99"):
            assert is_landline(number) == (number[:5] in starts or number[:6] in starts), number
    assert not is_landline("31201234567")


def examples(kind: int) -> dict[str, str]:
    """The library's example of each region that has such numbers, as E.164."""
    found = {region: phonenumbers.example_number_for_type(region, kind) for region in phonenumbers.SUPPORTED_REGIONS}
    return {
        region: f"+{each.country_code}{national_significant_number(each)}" for region, each in found.items() if each
    }


def test_no_example_of_a_mobile_number_is_a_landline() -> None:
    assert [region for region, number in examples(PhoneNumberType.MOBILE).items() if is_landline(number)] == []


def test_most_countries_landlines_are_told() -> None:
    assert sum(map(is_landline, examples(PhoneNumberType.FIXED_LINE).values())) > 190
