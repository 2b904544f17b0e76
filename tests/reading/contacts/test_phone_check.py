"""What each check of `recipients.check` refuses."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.phone_check import PhoneCheck, phone_normaliser

UNASSIGNED = "+31112345678"
PREMIUM = "+31900123456"
SHORT = "+3161234567"


@pytest.mark.parametrize(
    ("check", "written", "code"),
    [
        (PhoneCheck.LENGTH, UNASSIGNED, None),
        (PhoneCheck.LENGTH, PREMIUM, None),
        (PhoneCheck.LENGTH, SHORT, "phone-length"),
        (PhoneCheck.VALID, "+31 6 12345678", None),
        (PhoneCheck.VALID, UNASSIGNED, "phone-invalid"),
        (PhoneCheck.VALID, PREMIUM, "phone-invalid"),
        (PhoneCheck.VALID, SHORT, "phone-length"),
        (PhoneCheck.VALID, "nobody", "phone-letters"),
        (PhoneCheck.NONE, UNASSIGNED, None),
        (PhoneCheck.NONE, SHORT, None),
        (PhoneCheck.NONE, "+3161234567890123", "phone-length"),
        (PhoneCheck.NONE, "+999123456789", "phone-unassigned"),
    ],
)
def test_a_check_refuses_what_it_says(check: PhoneCheck, written: str, code: str | None) -> None:
    found = phone_normaliser(None, check)(written)
    assert (found.code if isinstance(found, Problem) else None) == code


@pytest.mark.parametrize("check", list(PhoneCheck))
def test_every_check_reads_national_numbers(check: PhoneCheck) -> None:
    assert phone_normaliser("NL", check)("06 12345678") == "+31612345678"


def test_neither_an_invalid_nor_a_premium_number_is_shown_whole() -> None:
    for number in (UNASSIGNED, PREMIUM):
        found = phone_normaliser(None, PhoneCheck.VALID)(number)
        assert isinstance(found, Problem)
        assert number not in found.problem
