"""Moments and durations as a user writes them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.schema.moment_words import moment_example

_DURATION = lazy_pattern(r"([1-9][0-9]{0,5})(m|h|d|w)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def not_to_come(text: str) -> str:
    """What to write instead of a text that names no moment to come."""
    example = (moment_example(text) or "").partition(" or ")[2].partition(",")[0] or "2027-03-01T09:00:00+01:00"
    return f"'{quoted(text[:60])}' names no moment to come; write 90m, 12h, 7d, 2w, or a moment with its offset from UTC: {example}"


def moment_of(text: str, now: datetime) -> datetime | None:
    """The moment that `7d` from now is, or that is written out (RFC 3339, with its offset); None for anything else."""
    duration = _DURATION.fullmatch(text)
    try:
        if duration is not None:
            return now + int(duration[1]) * _UNITS[duration[2]]
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # the first and the last day of the calendar have no such moment in UTC
        return None
