"""When a plan's messages go out, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sendspec.planning.schedule import RowMoments, Schedule
from sendspec.showing.schedule import schedule_json, schedule_lines, written_schedule

MOMENT = datetime(2026, 12, 1, 8, tzinfo=UTC)
AHEAD = timedelta(days=2)
TUESDAY = "2026-12-01T08:00:00Z"
DAYS = tuple(((MOMENT + n * AHEAD).date(), 1 if n else 1_000) for n in range(9))


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
        (
            Schedule(scheduled_for=MOMENT),
            ["scheduled for Tue 1 Dec 2026 08:00 UTC"],
            {"scheduled_for": "2026-12-01T08:00:00Z"},
        ),
        (Schedule(varies=True), ["scheduled by row"], {"varies": True}),
        (
            Schedule(varies=True, moments=RowMoments(first=MOMENT, last=MOMENT, by_day=DAYS[:1])),
            ["scheduled by row: Tue 1 Dec 2026 08:00 UTC", "  1 Dec 1 000"],
            {
                "varies": True,
                "by_row": {"first": TUESDAY, "last": TUESDAY, "days": [{"day": "2026-12-01", "messages": 1_000}]},
            },
        ),
        (
            Schedule(
                varies=True,
                moments=RowMoments(first=MOMENT, last=MOMENT + 8 * AHEAD, by_day=DAYS, at_once=3, looked_at=1_011),
            ),
            [
                "scheduled by row: Tue 1 Dec 2026 08:00 UTC to Thu 17 Dec 2026 08:00 UTC",
                "  1 Dec 1 000 · 3 Dec 1 · 5 Dec 1 · 7 Dec 1 · 9 Dec 1 · 11 Dec 1 · 13 Dec 1 · 2 later days 2 · at once 3"
                " (of the first 1 011 messages)",
            ],
            {
                "varies": True,
                "by_row": {
                    "first": TUESDAY,
                    "last": "2026-12-17T08:00:00Z",
                    "days": [{"day": day.isoformat(), "messages": count} for day, count in DAYS],
                    "at_once": 3,
                    "looked_at": 1_011,
                },
            },
        ),
        (
            Schedule(not_after=MOMENT.astimezone(timezone(timedelta(hours=1)))),
            ["nothing is sent after Tue 1 Dec 2026 09:00 +01:00"],
            {"not_after": "2026-12-01T09:00:00+01:00"},
        ),
        (Schedule(validity_seconds=0), ["delivery is tried for 0 s"], {"validity_seconds": 0}),
        (Schedule(per_second=50.0), ["at 50/s: about 24 s"], {"per_second": 50.0, "seconds": 24.0}),
        (Schedule(per_second=5_000.0), ["at 5000/s: about 1 s"], {"per_second": 5_000.0, "seconds": 0.2}),
    ],
)
def test_a_schedule_says_when_and_for_how_long(schedule: Schedule, lines: list[str], document: dict[str, Any]) -> None:
    assert list(schedule_lines(schedule, 1_200)) == lines
    assert schedule_json(schedule, 1_200) == document
    read = written_schedule(document, lambda moment: moment, MOMENT - AHEAD)
    assert schedule_json(read, 1_200) == document


def test_with_nothing_to_send_there_is_no_schedule() -> None:
    schedule = Schedule(scheduled_for=MOMENT, ahead=AHEAD, per_second=50.0)
    assert list(schedule_lines(schedule, 0)) == []
