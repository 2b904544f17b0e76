"""The API's timestamps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.timestamp import format_timestamp, parse_timestamp


@given(st.integers(0, 4_000_000_000_000))
def test_what_is_written_is_read_to_the_millisecond(milliseconds: int) -> None:
    parsed = parse_timestamp(format_timestamp(milliseconds / 1_000))
    assert parsed is not None
    assert abs(parsed - milliseconds / 1_000) < 0.001


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:40.5Z", 100.5), ("1970-01-01t01:01:40+01:00", 100.0), ("yesterday", None), ("1970-01-01", None),
        ("2027-02-30T00:00:00Z", None), ("2027-02-01T00:00:60Z", None),
    ],
)  # fmt: skip
def test_only_a_moment_is_read(text: str, seconds: float | None) -> None:
    assert parse_timestamp(text) == seconds
