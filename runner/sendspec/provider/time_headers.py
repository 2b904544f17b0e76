"""The times that an answer speaks of, `Retry-After` and `Date`, read so that nonsense never turns it into a failure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

MAX_WAIT = 900.0


def clock_skew_seconds(answer_date: str | None, now: float) -> float | None:
    """By how many seconds the clock of who answered is ahead of `now` (Unix seconds); None where its `Date` says nothing."""
    try:
        return None if answer_date is None else parsedate_to_datetime(answer_date).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def retry_after_seconds(value: str | None, answer_date: str | None) -> float | None:
    """How long to wait, 0 to 900 seconds; None where the header is missing or makes no sense (RFC 9110, section 10.2.3).

    A date counts from the answer's own `Date`, so that this machine's clock doesn't matter.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), MAX_WAIT)
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(answer_date) if answer_date else None
        if since is None:
            return None
        return min(max((until - since).total_seconds(), 0.0), MAX_WAIT)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
