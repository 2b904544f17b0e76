"""Countries: the known ones, and what is suggested for others."""

from __future__ import annotations

import phonenumbers
import pytest
from sendspec.reading.contacts.country import COUNTRIES, is_country, unknown_country


@pytest.mark.parametrize(("written", "fix"), [
        ("nl", "write NL"), ("UK", "write GB"), (" DE ", "write DE"), ("EL", "write GR"), ("Netherlands", "write NL"),
        ("united kingdom", "write GB"), ("Deutschland", "write DE"), ("NLD", "write NL"), ("Nederlnd", "write NL"),
        ("Atlantis", "write the ISO 3166 code, two capital letters, such as NL or US"),
    ],
)  # fmt: skip
def test_a_country_by_another_name_is_told_its_code(written: str, fix: str) -> None:
    assert unknown_country(written).fix == fix


def test_countries_are_those_of_the_phone_library() -> None:
    assert set(COUNTRIES) == set(phonenumbers.SUPPORTED_REGIONS)
    assert is_country("NL")
    assert not is_country("nl")
    assert not is_country("N")
