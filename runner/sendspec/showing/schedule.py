"""The schedule of a plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sendspec.diagnostics.wording import counted, duration_text, grouped, moment_text
from sendspec.planning.schedule import RowMoments, Schedule

DAYS_SHOWN = 7


def schedule_lines(schedule: Schedule, messages: int, shown: Callable[[int], str] = grouped) -> Iterator[str]:
    """When this many messages go out, and how long that takes; no line for what isn't known. `shown` writes a number."""
    when = _when(schedule)
    if schedule.validity_seconds is not None:
        when.append(f"delivery is tried for {duration_text(schedule.validity_seconds)}")
    if when and messages:
        yield "; ".join(when)
    if schedule.moments is not None and messages:
        yield f"  {_by_day(schedule.moments, shown)}"
    if schedule.not_after is not None and messages:
        yield f"nothing is sent after {_reading(schedule.not_after)}"
    seconds = schedule.seconds(messages)
    if seconds and schedule.per_second is not None:
        yield f"at {schedule.per_second:g}/s: about {duration_text(max(1, seconds))}"


def _when(schedule: Schedule) -> list[str]:
    moments = schedule.moments
    if moments is not None:
        last = f" to {_reading(moments.last)}" if moments.last > moments.first else ""
        return [f"scheduled by row: {_reading(moments.first)}{last}"]
    if schedule.varies:
        return ["scheduled by row"]
    if schedule.scheduled_for is None:
        return []
    ahead = schedule.ahead.total_seconds()
    return [f"scheduled for {_reading(schedule.scheduled_for)}{f', in {duration_text(ahead)}' if ahead > 0 else ''}"]


def _by_day(moments: RowMoments, shown: Callable[[int], str]) -> str:
    """`1 Dec 120 · 2 Dec 38 · at once 3`."""
    parts = [f"{_day(day)} {shown(count)}" for day, count in moments.by_day[:DAYS_SHOWN]]
    if len(moments.by_day) > DAYS_SHOWN:
        later = sum(count for _, count in moments.by_day[DAYS_SHOWN:])
        parts.append(f"{counted(len(moments.by_day) - DAYS_SHOWN, 'later day')} {shown(later)}")
    if moments.at_once:
        parts.append(f"at once {shown(moments.at_once)}")
    looked_at = (
        "" if moments.looked_at is None else f" (of the first {counted(moments.looked_at, 'message', shown=shown)})"
    )
    return " · ".join(parts) + looked_at


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _reading(moment: datetime) -> str:
    """`Tue 1 Dec 2026 09:00 +01:00`."""
    offset = "UTC" if moment.utcoffset() == UTC.utcoffset(None) else moment.isoformat()[-6:]
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M} {offset}"


def schedule_json(schedule: Schedule, messages: int) -> dict[str, Any]:
    """Without the keys that have no value."""
    seconds = schedule.seconds(messages)
    found = {
        "scheduled_for": None if schedule.scheduled_for is None else moment_text(schedule.scheduled_for),
        "varies": schedule.varies or None,
        "by_row": None if schedule.moments is None else _moments_json(schedule.moments),
        "not_after": None if schedule.not_after is None else schedule.not_after.isoformat().replace("+00:00", "Z"),
        "validity_seconds": schedule.validity_seconds,
        "per_second": schedule.per_second,
        "seconds": None if seconds is None else round(seconds, 1),
    }
    return {name: value for name, value in found.items() if value is not None}


def _moments_json(moments: RowMoments) -> dict[str, Any]:
    found = {
        "first": moment_text(moments.first),
        "last": moment_text(moments.last),
        "days": [{"day": day.isoformat(), "messages": count} for day, count in moments.by_day],
        "at_once": moments.at_once or None,
        "looked_at": moments.looked_at,
    }
    return {name: value for name, value in found.items() if value is not None}


def written_schedule(
    schedule: Mapping[str, Any], local_time: Callable[[datetime], datetime], now: datetime
) -> Schedule:
    """The schedule in a valid plan document, as it reads here and `now`."""
    scheduled_for = _local(schedule.get("scheduled_for"), local_time)
    by_row = schedule.get("by_row")
    return Schedule(
        scheduled_for=scheduled_for,
        ahead=timedelta(0) if scheduled_for is None else scheduled_for - now,
        varies="varies" in schedule,
        moments=None if by_row is None else _written_moments(by_row, local_time),
        not_after=datetime.fromisoformat(schedule["not_after"]) if "not_after" in schedule else None,
        validity_seconds=schedule.get("validity_seconds"),
        per_second=schedule.get("per_second"),
    )


def _written_moments(written: Mapping[str, Any], local_time: Callable[[datetime], datetime]) -> RowMoments:
    return RowMoments(
        first=local_time(datetime.fromisoformat(written["first"])),
        last=local_time(datetime.fromisoformat(written["last"])),
        by_day=tuple((date.fromisoformat(each["day"]), each["messages"]) for each in written["days"]),
        at_once=written.get("at_once", 0),
        looked_at=written.get("looked_at"),
    )


def _local(written: str | None, local_time: Callable[[datetime], datetime]) -> datetime | None:
    return None if written is None else local_time(datetime.fromisoformat(written))
