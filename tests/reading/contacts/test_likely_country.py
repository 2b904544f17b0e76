"""Which country is proposed for numbers without one."""

from __future__ import annotations

import pytest
from sendspec.reading.contacts.likely_country import country_fix, likely_country, single_country_fix


@pytest.mark.parametrize(
    ("numbers", "country"),
    [
        (["0612345678"], "NL"),
        (["0612345678", "0687654321", "0201234567"], "NL"),
        (["0612345678", "0712345678", "0687654321"], "FR"),
        (["07911123456", "07700900123", "02079460958"], "GB"),
        (["015112345678", "01701234567"], "DE"),
        (["0851234567"], "IE"),
        (["31612345678", "0031687654321"], "NL"),
        (["447700900123"], "GB"),
        (["0712345678"], None),
        (["0470123456"], None),
        (["612345678"], None),
        (["0612345678", "07911123456"], None),
        (["123"], None),
        ([], None),
    ],
)
def test_a_country_is_proposed_where_one_alone_comes_into_question(numbers: list[str], country: str | None) -> None:
    assert likely_country(numbers) == country
    if len(numbers) == 1:
        assert single_country_fix(numbers[0]) == country_fix(country)


def test_the_fix_names_the_country_or_asks_for_it() -> None:
    assert country_fix("GB") == "add `country: GB` under recipients"
    assert country_fix(None) == "add `country:` with the country of these numbers under recipients"
