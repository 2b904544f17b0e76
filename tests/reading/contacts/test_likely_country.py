"""Which country is proposed for numbers without one."""

from __future__ import annotations

import pytest
from sendspec.reading.contacts.likely_country import country_advice, country_fix, likely_countries, single_country_fix


@pytest.mark.parametrize(
    ("numbers", "countries"),
    [
        (["0612345678"], "NL FR"),
        (["0612345678", "0687654321", "0201234567"], "NL FR"),
        (["0612345678"] * 40, "NL"),
        (["0612345678", "0712345678", "0687654321"], "NL FR"),
        (["0612345678", "0712345678"] * 20, "FR"),
        (["07911123456", "07700900123", "02079460958"], "GB"),
        (["015112345678", "01701234567"], "DE"),
        (["0851234567"], "IE"),
        (["31612345678", "0031687654321"], "NL"),
        (["447700900123"], "GB"),
        (["0712345678"], ""),
        (["0470123456"], ""),
        (["612345678"], ""),
        (["0612345678", "07911123456"], ""),
        (["123"], ""),
        ([], ""),
    ],
)
def test_the_countries_that_come_into_question_are_proposed(numbers: list[str], countries: str) -> None:
    assert likely_countries(numbers) == tuple(countries.split())
    if len(numbers) == 1:
        assert single_country_fix(numbers[0]) == country_fix(countries.split())


def test_the_fix_names_the_country_or_asks_for_it() -> None:
    assert country_fix(["GB"]) == "add `country: GB` under recipients"
    assert country_fix([]) == "add `country:` with the country of these numbers under recipients"
    both = "add `country:` with the country of these numbers, such as NL or FR, under recipients"
    assert country_fix(["NL", "FR"]) == both
    assert country_advice(["0612345678"]) == f"{both}, or write the number with + and its country code"


def test_numbers_of_several_countries_lack_their_plus_not_a_country() -> None:
    assert country_advice(["31612345678", "447911123456"]) == "write + in front of each number"
    fix = "write + in front of each country code, in place of 00 where it begins so"
    assert country_advice(["0031612345678", "447911123456"]) == fix
    assert "`country: NL`" in country_advice(["31612345678", "0031687654321"])
