"""Country calling codes agree with the phone library."""

from __future__ import annotations

import phonenumbers
from sendspec.reading.contacts.country_codes import CODES, ZERO_MAY_FOLLOW, code_of


def test_country_codes_are_those_of_the_phone_library() -> None:
    known = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
    assert known - CODES == {"888"}, "given back by its owner"
    assert CODES - known == {"379"}, "reserved for the Vatican, unused"


def test_no_country_code_begins_another() -> None:
    assert not [(a, b) for a in CODES for b in CODES if a != b and b.startswith(a)]
    assert all(code_of(f"+{code}00000000") == code for code in CODES)


def test_where_a_zero_may_follow_the_library_knows_no_trunk_zero() -> None:
    for code in ZERO_MAY_FOLLOW - {"379", "250", "800", "881"}:
        region = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
        assert phonenumbers.ndd_prefix_for_region(region, True) != "0", code
