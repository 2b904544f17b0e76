"""Our own checks of the request model's string formats, given to both schema libraries so that they agree."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from sendspec.diagnostics.lazy_pattern import lazy_pattern

_URI = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_DATE_TIME = lazy_pattern(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_UUID = lazy_pattern(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)


def is_uri(text: str) -> bool:
    """An absolute URI (RFC 3986, section 4.3, with any fragment)."""
    return _URI.fullmatch(text) is not None


def is_date_time(text: str) -> bool:
    """A date-time (RFC 3339, section 5.6) on a day that exists, here and in UTC. A leap second is taken as the second before."""
    if _DATE_TIME.fullmatch(text) is None:
        return False
    try:
        date_time(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def date_time(text: str) -> datetime:
    """The moment that a text for which `is_date_time` is true names."""
    seconds = "59" if text[17:19] == "60" else text[17:19]
    return datetime.fromisoformat((text[:17] + seconds + text[19:]).upper())


def is_uuid(text: str) -> bool:
    """A UUID in its 36-character form (RFC 9562, section 4)."""
    return _UUID.fullmatch(text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "uri": is_uri,
    "date-time": is_date_time,
    "uuid": is_uuid,
}

FORMAT_EXAMPLES = {
    "uri": ("an absolute address", "https://example.com/page"),
    "date-time": ("a date and time with a zone", "2027-03-01T09:00:00Z"),
    "uuid": ("a UUID", "123e4567-e89b-12d3-a456-426614174000"),
}
