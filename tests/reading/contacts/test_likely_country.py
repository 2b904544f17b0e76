"""Which country is proposed for numbers without one."""

from __future__ import annotations

import re

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
        (["07911123456", "07700900123", "02079460958"], "GB NG"),
        (["015112345678", "01701234567"], "DE"),
        (["0851234567"], "IE TH"),
        (["31612345678", "0031687654321"], ""),
        (["447700900123"], ""),
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


OF_THESE = "add `country:` with the country of these numbers"


def test_the_fix_asks_for_the_country_and_names_some_as_examples() -> None:
    assert country_fix(["GB"]) == f"{OF_THESE}, such as GB, under recipients"
    assert country_fix([]) == f"{OF_THESE} under recipients"
    both = f"{OF_THESE}, such as NL or FR, under recipients"
    assert country_fix(["NL", "FR"]) == both
    assert country_advice(["0612345678"]) == f"{both}, or write the number with + and its country code"
    assert country_advice([]) == f"{OF_THESE} under recipients, or write the number with + and its country code"


def test_numbers_of_several_countries_and_lengths_probably_lack_their_plus() -> None:
    fix = "write + in front of each number if it begins with its country code; if they are national, add `country:`"
    assert country_advice(["31612345678", "447911123456"]).startswith(fix)
    fix = (
        "write + in front of each country code, in place of 00 where it begins so; or, if they are all of one country,"
    )
    assert country_advice(["0031612345678", "447911123456"]).startswith(fix)
    assert country_advice(["31612345678", "0031687654321"]).startswith(fix)


BRAZILIAN = [f"{area}9{digits}" for area in (11, 21, 31, 41, 48, 51, 61, 71, 85) for digits in ("91234567", "81234567")]


@pytest.mark.parametrize("area", [27, 31, 34, 41, 48, 51, 54, 81, 92])
def test_an_area_code_is_not_taken_for_a_country(area: int) -> None:
    """What is said of numbers of which some could be those of another country says so of both."""
    for advice in (country_advice([f"{area}991{n}15491" for n in range(10, 50)]), country_advice(BRAZILIAN)):
        assert advice.startswith(f"{OF_THESE} under recipients")
        assert not re.search("country: [A-Z]", advice)
        assert (
            "write + in front" not in advice or "if they are national; if each begins with its country code" in advice
        )
    assert "in front" not in country_advice(BRAZILIAN)
