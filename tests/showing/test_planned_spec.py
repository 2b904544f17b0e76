"""What a plan file says of one spec, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sendspec.showing.planned_spec import Reading, planned_spec_lines
from sendspec.showing.terminal_style import PLAIN

BERLIN = timezone(timedelta(hours=1))
READING = Reading(now=datetime(2026, 11, 29, 8, tzinfo=UTC), local_time=lambda moment: moment.astimezone(BERLIN))
A, B = "a" * 12, "b" * 12
SPEC: dict[str, Any] = {
    "name": "hello", "generation": 1, "channel": "sms-de", "path": "hello.yaml",
    "totals": {"send": 178, "recipients": 180, "skip": 2}, "skipped": {"filtered": 2},
    "segments": {"total": 198, "gsm7": 158, "ucs2": 20},
    "target": {"api": "https://api.bird.com", "channel": "c", "workspace": "w", "platform": "sms"},
    "policy": {"in_doubt": "hold"},
}  # fmt: skip
FIRST = ["  hello → sms-de (hello.yaml)", "    178 of 180 recipients, 198 segments   GSM-7 158 · UCS-2 20", "    skip     2 filtered"]  # fmt: skip
TO = "    to       https://api.bird.com, channel c, sms"
LAST = [TO, "    promise  in_doubt: hold"]
SHAPES = [
    {"id": A, "messages": 158, "segments": 158, "encoding": "GSM-7"},
    {"id": B, "messages": 20, "segments": 40, "encoding": "UCS-2"},
]
NO_TEXTS = "      no texts are in the file: `sendspec plan --with-samples --out FILE` adds one for each shape"


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ({}, [*FIRST, *LAST]),
        (
            {"shapes": SHAPES, "samples": [{"shape": A, "text": "Hi Ann", "from": "recipients"}]},
            [*FIRST, "    shapes   2", "      158 × 1 segment GSM-7", "            Hi Ann", "      and 1 more, of 20 messages", *LAST],
        ),
        (
            {"shapes": SHAPES[:1], "samples": [{"shape": A, "text": "Hi", "from": "columns", "parts": [
                {"at": "body.html.metadata.subject", "text": "News\u3164"},
                {"at": "body.html.html", "text": "<p>", "cut": 7, "links": ["https://evil.example"], "more_links": 2},
            ]}]},
            [*FIRST, "    shapes   1", "      158 × 1 segment GSM-7", "            Hi",
             "            body.html.metadata.subject: News\\u3164",
             "            body.html.html: <p>… and 7 more characters", "              link: https://evil.example", "              and 2 more links", *LAST],
        ),
        (
            {"shapes": SHAPES, "other_shapes": {"messages": 3, "segments": 3}},
            [*FIRST, "    shapes   more than 2", "      158 × 1 segment GSM-7", "       20 × 2 segments UCS-2", "      and 3 messages of further shapes", NO_TEXTS, *LAST],
        ),
        (
            {"shapes": [{"id": A, "messages": 178, "segments": 0}]},
            [*FIRST, "    shapes   1", f"      178 × {A}", NO_TEXTS, *LAST],
        ),
        (
            {"schedule": {"scheduled_for": "2026-12-01T08:00:00Z", "not_after": "2026-12-01T10:00:00+02:00"}},
            [*FIRST, "    when     scheduled for Tue 1 Dec 2026 09:00 +01:00, in 2 days", "             nothing is sent after Tue 1 Dec 2026 10:00 +02:00", *LAST],
        ),
        (
            {"policy": {"in_doubt": "hold", "moved_from": False, "trust_503": True, "limits": {"messages": 5}}},
            [*FIRST, TO, "    promise  in_doubt: hold · limits.messages: 5 · moved_from: false · trust_503: true"],
        ),
    ],
)  # fmt: skip
def test_a_spec_of_a_plan_file_is_shown(more: dict[str, Any], lines: list[str]) -> None:
    assert list(planned_spec_lines({**SPEC, **more}, PLAIN, READING)) == lines


@pytest.mark.parametrize(
    ("bound", "shown"),
    [("2026-12-01T08:00:00Z", "2026-12-01T10:00:00+02:00"), ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"), ("soon", "soon")],
)  # fmt: skip
def test_a_moment_in_the_promise_has_the_offset_of_the_spec_if_it_is_the_same(bound: str, shown: str) -> None:
    policy = {"in_doubt": "hold", "not_after": bound}
    spec = {**SPEC, "policy": policy, "schedule": {"not_after": "2026-12-01T10:00:00+02:00"}}
    assert list(planned_spec_lines(spec, PLAIN, READING))[-1] == f"    promise  in_doubt: hold · not_after: {shown}"
