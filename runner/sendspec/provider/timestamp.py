"""The API's timestamps: RFC 3339 with milliseconds, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from sendspec.reading.schema.formats import is_date_time


def format_timestamp(seconds: float) -> str:
    """Unix seconds as the API writes them."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_timestamp(text: str) -> float | None:
    """Unix seconds; None for text that names no moment."""
    try:
        return datetime.fromisoformat(text.upper()).timestamp() if is_date_time(text) else None
    except (ValueError, OverflowError):  # a leap second, or an offset that leaves the calendar
        return None
