"""The schedule of a plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sendspec.diagnostics.wording import duration_text, moment_text
from sendspec.planning.schedule import Schedule


def schedule_lines(schedule: Schedule, messages: int) -> Iterator[str]:
    """When as many messages go out, and how long that takes; nothing where there is nothing to tell."""
    when = _when(schedule)
    if schedule.validity_seconds is not None:
        when.append(f"delivery is tried for {duration_text(schedule.validity_seconds)}")
    if when and messages:
        yield "; ".join(when)
    seconds = schedule.seconds(messages)
    if seconds and schedule.per_second is not None:
        yield f"at {schedule.per_second:g}/s: about {duration_text(max(1, seconds))}"


def _when(schedule: Schedule) -> list[str]:
    if schedule.varies:
        return ["scheduled by row"]
    if schedule.scheduled_for is None:
        return []
    return [f"scheduled for {_reading(schedule.scheduled_for)}, in {duration_text(schedule.ahead.total_seconds())}"]


def _reading(moment: datetime) -> str:
    """`Tue 1 Dec 2026 09:00 +01:00`."""
    offset = "UTC" if moment.utcoffset() == UTC.utcoffset(None) else moment.isoformat()[-6:]
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M} {offset}"


def schedule_json(schedule: Schedule, messages: int) -> dict[str, Any]:
    """Without the keys that have nothing to tell."""
    seconds = schedule.seconds(messages)
    found = {
        "scheduled_for": None if schedule.scheduled_for is None else moment_text(schedule.scheduled_for),
        "varies": schedule.varies or None,
        "validity_seconds": schedule.validity_seconds,
        "per_second": schedule.per_second,
        "seconds": None if seconds is None else round(seconds, 1),
    }
    return {name: value for name, value in found.items() if value is not None}
