"""When a plan's messages go out, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sendspec.planning.schedule import Schedule
from sendspec.showing.schedule import schedule_json, schedule_lines

MOMENT = datetime(2026, 12, 1, 8, tzinfo=UTC)
AHEAD = timedelta(days=2)


@pytest.mark.parametrize(
    ("schedule", "lines", "document"),
    [
        (Schedule(), [], {}),
        (
            Schedule(scheduled_for=MOMENT.astimezone(timezone(timedelta(hours=1))), ahead=AHEAD),
            ["scheduled for Tue 1 Dec 2026 09:00 +01:00, in 2 days"],
            {"scheduled_for": "2026-12-01T08:00:00Z"},
        ),
        (
            Schedule(scheduled_for=MOMENT, ahead=timedelta(minutes=30), validity_seconds=3_600),
            ["scheduled for Tue 1 Dec 2026 08:00 UTC, in 30 min; delivery is tried for 60 min"],
            {"scheduled_for": "2026-12-01T08:00:00Z", "validity_seconds": 3_600},
        ),
        (Schedule(varies=True), ["scheduled by row"], {"varies": True}),
        (Schedule(validity_seconds=0), ["delivery is tried for 0 s"], {"validity_seconds": 0}),
        (Schedule(per_second=50.0), ["at 50/s: about 24 s"], {"per_second": 50.0, "seconds": 24.0}),
        (Schedule(per_second=5_000.0), ["at 5000/s: about 1 s"], {"per_second": 5_000.0, "seconds": 0.2}),
    ],
)
def test_a_schedule_says_when_and_for_how_long(schedule: Schedule, lines: list[str], document: dict[str, Any]) -> None:
    assert list(schedule_lines(schedule, 1_200)) == lines
    assert schedule_json(schedule, 1_200) == document


def test_with_nothing_to_send_there_is_no_schedule() -> None:
    schedule = Schedule(scheduled_for=MOMENT, ahead=AHEAD, per_second=50.0)
    assert list(schedule_lines(schedule, 0)) == []
