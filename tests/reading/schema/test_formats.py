"""The string formats of the request model."""

from __future__ import annotations

import pytest
from sendspec.reading.schema.formats import FORMAT_EXAMPLES, FORMATS, is_date_time, is_uri


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_accepts_its_own_example(name: str) -> None:
    assert FORMATS[name](FORMAT_EXAMPLES[name][1])


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2024-02-29T23:59:60Z", True),
        ("2023-02-29T00:00:00Z", False),
        ("2027-03-01T09:00:00+24:00", False),
        ("2027-03-01 09:00:00Z", False),
        ("2027-03-01T09:00:00", False),
    ],
)
def test_a_date_time_is_on_a_day_that_exists_and_has_a_zone(text: str, valid: bool) -> None:
    assert is_date_time(text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [("https://example.com/a?b=%20#c", True), ("/a", False), ("https://exa mple", False), ("x:%2", False)],
)
def test_a_uri_is_absolute_and_fully_escaped(text: str, valid: bool) -> None:
    assert is_uri(text) is valid
