"""`Retry-After` and `Date`: read where they make sense, ignored where they don't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.time_headers import clock_skew_seconds, retry_after_seconds

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0), ("0", 0.0), (" 3 ", 3.0), ("901", 900.0), ("99999999999999999999", 900.0),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0), ("Sun, 06 Nov 1994 08:49:27 GMT", 0.0), ("Sun, 06 Nov 2094 08:49:37 GMT", 900.0),
        ("-5", None), ("1.5", None), ("1e3", None), ("", None), ("soon", None), ("2, 3", None), ("٣", None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_clamped_and_never_raises(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, DATE) == seconds


def test_a_date_without_the_answers_own_date_says_nothing() -> None:
    assert retry_after_seconds("Sun, 06 Nov 1994 08:49:47 GMT", None) is None


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:27 GMT", -10.0),
        ("yesterday", None),
        ("Sun, 99 Nov 1994 08:49:47 GMT", None),
        (None, None),
    ],
)
def test_the_clock_of_who_answered_is_read_off_its_date(date: str | None, seconds: float | None) -> None:
    assert clock_skew_seconds(date, 784_111_777.0) == seconds


@given(st.text(max_size=40), st.none() | st.text(max_size=40))
def test_nonsense_in_retry_after_never_raises(value: str, date: str | None) -> None:
    seconds = retry_after_seconds(value, date)
    assert seconds is None or 0 <= seconds <= 900
