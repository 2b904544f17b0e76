"""The number plan is what the phone library says, and every number that the library shows as an example fits it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from phonenumbers.phonemetadata import PhoneMetadata
from sendspec.reading.contacts import number_plan
from sendspec.reading.contacts.country_codes import CODES, LENGTHS
from sendspec.reading.contacts.number_plan_source import REACHABLE
from sendspec.reading.contacts.number_plan_source import number_plan as generated
from sendspec.reading.contacts.phone_number import normalise_phone


def plans() -> Iterator[tuple[str, Any]]:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        yield region, PhoneMetadata.metadata_for_region(region)
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        yield str(code), PhoneMetadata.metadata_for_nongeo_region(code)


def examples(names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for region, metadata in plans():
        for name in names:
            number = getattr(getattr(metadata, name), "example_number", None)
            if number:
                yield region, name, f"+{metadata.country_code}{number}"


def test_the_number_plan_is_generated_from_the_library() -> None:
    assert Path(number_plan.__file__).read_text(encoding="utf-8") == generated(), "run `make docs`"


def test_every_code_has_lengths() -> None:
    assert CODES - set(LENGTHS) == {"379"}, "the Vatican's, which has no numbers"


def test_every_example_of_a_number_that_reaches_a_person_passes() -> None:
    found = list(examples(REACHABLE))
    assert len(found) > 650
    assert [each for each in found if normalise_phone(each[2]) != each[2]] == []


@pytest.mark.parametrize("change", ["+{}0", "{}12", "cut"])
def test_an_example_with_digits_too_many_or_too_few_is_refused_where_all_numbers_have_one_length(change: str) -> None:
    for region, name, number in examples(REACHABLE):
        [code] = [code for code in CODES if number[1:].startswith(code)]
        if len(LENGTHS[code]) == 1:
            changed = number[:-1] if change == "cut" else change.removeprefix("+").format(number)
            assert normalise_phone(changed) != changed, (region, name, changed)
