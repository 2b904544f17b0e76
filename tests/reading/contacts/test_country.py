"""Countries: the known ones, and what is suggested for others."""

from __future__ import annotations

import phonenumbers
import pytest
from sendspec.reading.contacts.country import COUNTRIES, is_country, unknown_country


@pytest.mark.parametrize(("written", "fix"), [("nl", "write NL"), ("UK", "write GB"), (" DE ", "write DE")])
def test_a_country_by_another_name_is_told_its_code(written: str, fix: str) -> None:
    assert unknown_country(written).fix == fix


def test_countries_are_those_of_the_phone_library() -> None:
    assert set(COUNTRIES) == set(phonenumbers.SUPPORTED_REGIONS)
    assert is_country("NL")
    assert not is_country("nl")
    assert not is_country("N")
