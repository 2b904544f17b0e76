"""Reads the `Retry-After` and `Date` headers; nonsense in them is ignored, never an error."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

MAX_WAIT_SECONDS = 900.0


def clock_skew_seconds(date: str | None, now: float) -> float | None:
    """By how many seconds the server's clock is ahead of `now` (Unix seconds); None without a usable `Date`."""
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def retry_after_seconds(value: str | None, date: str | None) -> float | None:
    """How long to wait, 0 to 900 seconds; None where `Retry-After` is missing or unusable (RFC 9110, section 10.2.3).

    An HTTP date is measured from the response's own `Date`, so this machine's clock doesn't matter.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), MAX_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(date) if date else None
        if since is None:
            return None
        return min(max((until - since).total_seconds(), 0.0), MAX_WAIT_SECONDS)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
