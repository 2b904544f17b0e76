"""What to write instead of a text that is no moment: a date without a time, or on a day that doesn't exist."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.schema.formats import is_date_time

MOMENT_FORM = "YYYY-MM-DDThh:mm:ssZ, where Z is UTC, or with an offset such as +01:00 in its place"
"""An example would be too late, or too far ahead for a schedule, on some day."""
MONTHS = 12
_DATE = lazy_pattern(
    r"(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)|(?P<first>\d\d?)[.-](?P<second>\d\d?)[.-](?P<last>\d{4}))"
    r"(?:(?:[T ]|, ?)(?P<time>\d?\d:\d\d)(?::\d\d)?(?: ?Uhr)?)?",
    re.ASCII,
)


def moment_example(value: str) -> str | None:
    """A date that lacks its time or its zone, completed; with dots, the day is first. None for anything else."""
    found = _DATE.fullmatch(value.strip())
    if found is None:
        return None
    date = f"{found['year']}-{found['month']}-{found['day']}"
    if found["year"] is None:
        date = f"{found['last']}-{found['second']:0>2}-{found['first']:0>2}"
    last = _last_day(date)
    is_moved = last is not None and date[8:] > last
    if last is not None and is_moved:
        date = date[:8] + last
    moment = f"{date}T{found['time'] or '09:00':0>5}:00"
    if not is_date_time(f"{moment}Z"):
        return None
    is_unclear = found["year"] is None and "-" in value and int(found["first"]) <= MONTHS
    own = "with your own day, time and offset" if is_moved or is_unclear else "with your own time and offset"
    said = "" if found["time"] and not (is_moved or is_unclear) else f"; {own}"
    return f"{moment}Z, where Z is UTC, or {moment}+01:00, an hour ahead of it{said}"


def _last_day(date: str) -> str | None:
    """The last day of a date's month; None if there is no such month."""
    import calendar  # needed only after a mistake

    year, month = int(date[:4]), int(date[5:7])
    return f"{calendar.monthrange(year, month)[1]}" if year and 1 <= month <= 12 else None


def no_such_day(value: str) -> str | None:
    """The end of a sentence about a date whose month is shorter; None for anything else."""
    found = _DATE.fullmatch(value.strip())
    if found is None:
        return None
    year, month = int(found["year"] or found["last"]), int(found["month"] or found["second"])
    last = _last_day(f"{year:04}-{month:02}")
    if last is None or int(found["day"] or found["first"]) <= int(last):
        return None
    import calendar  # the same

    return f"is no date: {calendar.month_name[month]} {year} has {last} days"
