"""The test `landline` of templates."""

from __future__ import annotations

import pytest
from sendspec.composing.landline_test import landline
from sendspec.composing.render_budget import FilterError


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("+31201234567", None, True),
        ("020 1234567", "NL", True),
        ("020 1234567", None, False),
        ("+31612345678", None, False),
        ("06 12345678", "NL", False),
        ("+12025550123", None, False),
        ("nobody", "NL", False),
        (7, "NL", False),
    ],
)
def test_a_landline_is_told_where_its_country_tells(number: object, country: str | None, expected: bool) -> None:
    assert landline(number, country) is expected


@pytest.mark.parametrize("country", ["UK", 31])
def test_a_country_that_there_is_not_is_refused(country: object) -> None:
    with pytest.raises(FilterError) as found:
        landline("020 1234567", country)
    assert found.value.code == "unknown-country"
