"""Reading by the patterns comes to what the phone library comes to, or leaves the number to it: in all regions, for every type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from long_rows import every
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata
from sendspec.reading.contacts.country import COUNTRIES
from sendspec.reading.contacts.national_number import is_reachable, read_national
from sendspec.reading.contacts.phone_check import PhoneCheck, phone_normaliser, why_invalid
from sendspec.reading.contacts.phone_number import normalise_phone

ASSIGNED = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail")  # fmt: skip
SHORT = ("toll_free", "premium_rate", "emergency", "short_code", "expanded_emergency")
PREFIXES = ("", "0", "1", "8", "06", "9", "15", "01", "044", "1410", "031", "00", "011", "0011", "810", "119")
MAX_LEFT = 0.04
"""The share of numbers that may be left to the library: it is slow, and nothing else would tell that it reads them all."""


@cache
def examples(region: str) -> tuple[str, ...]:
    """National numbers that the library shows for each type, with emergency calls and other short numbers."""
    plans: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (PhoneMetadata.metadata_for_region(region), ("general_desc", *ASSIGNED)),
        (PhoneMetadata.short_metadata_for_region(region), SHORT),
    )
    found = (getattr(getattr(plan, name, None), "example_number", None) for plan, names in plans for name in names)
    return tuple(dict.fromkeys(filter(None, found)))


def code_of(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region))


def by_library(digits: str, region: str) -> str | None:
    """The number as the library reads it; None if `normalise_phone` refuses it, or takes it for one that has lost its +."""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not phonenumbers.is_possible_number(number) or normalise_phone(e164) != e164:
        return None
    is_whole = (
        digits.startswith(str(number.country_code)) and phonenumbers.national_significant_number(number) == digits
    )
    if is_whole and phonenumbers.number_type(number) in (PhoneNumberType.FIXED_LINE, PhoneNumberType.UNKNOWN):
        return None if phonenumbers.is_valid_number(phonenumbers.parse("+" + digits)) else e164
    return e164


def differences(spellings: Iterator[tuple[str, str]]) -> list[tuple[str, str, str, str | None]]:
    """Those that are read by the patterns, and by the library as something else."""
    read = ((digits, region, read_national(digits, region)) for digits, region in spellings)
    found = [(digits, region, number) for digits, region, number in read if number is not None]
    return [(*each, right) for each in found if each[2] != (right := by_library(each[0], each[1]))]


def spellings(region: str) -> Iterator[tuple[str, str]]:
    """Every example with prefixes, with its code, cut, and with a digit more."""
    own = code_of(region)
    for number in examples(region):
        for prefix in (*PREFIXES, own, f"{own}0", f"00{own}", f"00{own}0", f"011{own}", f"00{own}1"):
            yield prefix + number, region
        yield from ((each, region) for each in (number[:-1], number + "1", number[1:], "0" + number + "1"))


@pytest.mark.parametrize("region", every(7, sorted(COUNTRIES)))
def test_every_example_is_read_as_the_library_reads_it(region: str) -> None:
    assert differences(spellings(region)) == []


@pytest.mark.parametrize("region", ["AR", "BR", "CN", "CR", "DK", "FI", "GB", "HU", "IT", "KZ", "MX", "NL", "NO", "RU", "US", "VA"])  # fmt: skip
def test_numbers_that_begin_otherwise_are_read_as_the_library_reads_them(region: str) -> None:
    """Each of the first digits of an example of each type, changed to each other digit."""
    assert differences(
        (prefix + number[:place] + digit + number[place + 1 :], region)
        for number in examples(region)
        for prefix in ("", "0", code_of(region))
        for place in range(min(len(number), 3))
        for digit in "0123456789"
    ) == []  # fmt: skip


DIGITS = st.lists(
    st.sampled_from([*"0123456789", "00", "011", "15", "31", "39", "44", "1", "549", "800", "900", "90", "6", "7", "2025550123"]),
    min_size=2,
    max_size=14,
).map("".join)  # fmt: skip


@given(DIGITS, st.sampled_from(sorted(COUNTRIES)))
@example("0111512345678", "AR")
@example("01115512345678", "AR")
@example("491711234567", "DE")
@example("3912345678", "IT")
@example("12425550123", "BS")
@example("5550123", "BS")
@example("441534123456", "JE")
def test_any_digits_are_read_as_the_library_reads_them(digits: str, region: str) -> None:
    assert differences(iter([(digits, region)])) == []


@given(DIGITS, st.sampled_from(sorted(COUNTRIES)))
def test_a_number_is_reachable_only_if_the_library_finds_nothing_wrong(digits: str, region: str) -> None:
    number = normalise_phone(f"+{code_of(region)}{digits}")
    if isinstance(number, str) and is_reachable(number):
        assert why_invalid(number) is None


@pytest.mark.parametrize("region", every(7, sorted(COUNTRIES)))
def test_only_reachable_examples_are_taken_for_reachable(region: str) -> None:
    changed = {
        number[:place] + digit + number[place + 1 :]
        for number in examples(region)
        for place in range(min(len(number), 5))
        for digit in "0123456789"
    }
    numbers = [f"+{code_of(region)}{national}" for national in sorted(changed)]
    taken = [number for number in numbers if normalise_phone(number) == number and is_reachable(number)]
    assert [number for number in taken if why_invalid(number) is not None] == []


def test_few_numbers_are_left_to_the_library() -> None:
    """Of all mobile numbers and landlines that are shown, written with the national prefix and checked as `valid` checks."""
    plans: dict[str, Any] = {region: PhoneMetadata.metadata_for_region(region) for region in sorted(COUNTRIES)}
    shown = [
        (region, (plan.national_prefix or "") + desc.example_number)
        for region, plan in plans.items()
        for desc in (plan.mobile, plan.fixed_line)
        if desc is not None and desc.example_number
    ]
    read = [(digits, region, read_national(digits, region)) for region, digits in shown]
    left = [each for each in read if each[2] is None]
    unchecked = [each for each in read if each[2] is not None and not is_reachable(each[2])]
    assert len(read) > 480
    assert (len(left) / len(read) <= MAX_LEFT, len(unchecked) / len(read) <= MAX_LEFT) == (True, True), (
        left,
        unchecked,
    )


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("011 15-1234-5678", "AR", "+5491112345678"),
        ("06 69812345", "IT", "+390669812345"),
        ("1 (202) 555-0123", "US", "+12025550123"),
        ("555-0123", "BS", "+12425550123"),
        ("0049 171 1234567", "NL", "+491711234567"),
        ("01534 512345", "JE", "+441534512345"),
    ],
)
def test_numbers_as_they_are_dialled(written: str, region: str, number: str) -> None:
    assert phone_normaliser(region, PhoneCheck.LENGTH)(written) == number
    assert read_national("".join(filter(str.isdigit, written)), region) == number
