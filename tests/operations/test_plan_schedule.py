"""A plan's schedule is what its spec and its channel say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sendspec import plan
from sendspec.diagnostics.clock import Clock
from sendspec.planning.schedule import RowMoments, Schedule, row_moments
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.plan import plan_document

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
CLOCK = Clock(monotonic=lambda: 0.0, wall=NOW.timestamp, sleep=lambda seconds: None, random=lambda: 0.0)
PROJECT = """environments:
  test:
    access_key: {env: KEY}
    ledger: {file: .sendspec/test.db}
    channels:
      sms:
        workspace: 0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01
        channel: 5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01
        rate: 30/m
        batch: 10
"""
SPEC = """spec: 1
name: hello
channel: sms
recipients: {{list: [{{phone: "+31612345678", at: skipped}}, {{phone: "+31612345679", at: "2026-12-01T08:00:00Z"}}, {{phone: "+31612345670", at: "2026-12-02T10:00:00+01:00"}}, {{phone: "+31612345671", at: now}}], where: "{{{{ at != 'skipped' }}}}"}}
vars: {{start: "2026-12-01T09:00:00+01:00"}}
message:
  body: {{type: text, text: {{text: Hi}}}}
{more}"""
ROWS = "{{ omit if at == 'now' else at }}"
TUESDAY = datetime(2026, 12, 1, 8, tzinfo=UTC)


MOMENTS = RowMoments(
    first=TUESDAY,
    last=TUESDAY + timedelta(hours=25),
    by_day=((date(2026, 12, 1), 1), (date(2026, 12, 2), 1)),
    at_once=1,
)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", Schedule(per_second=5.0)),
        ("  scheduledFor: 2026-12-01T08:00:00Z\n", Schedule(scheduled_for=TUESDAY, ahead=TUESDAY - NOW, per_second=5.0)),
        ('  scheduledFor: "{{ start }}"\n', Schedule(scheduled_for=TUESDAY, ahead=TUESDAY - NOW, per_second=5.0)),
        (f'  scheduledFor: "{ROWS}"\n', Schedule(varies=True, moments=MOMENTS, per_second=5.0)),
        (
            "not_after: 2026-12-01T09:00:00+01:00\n",
            Schedule(not_after=TUESDAY.astimezone(timezone(timedelta(hours=1))), per_second=5.0),
        ),
        ("  validity: 600\n", Schedule(validity_seconds=600, per_second=5.0)),
        ('  validity: "{{ 600 }}"\n', Schedule(per_second=5.0)),
    ],
)  # fmt: skip
def test_a_schedule_is_told_where_all_messages_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, expected: Schedule
) -> None:
    (tmp_path / "sendspec.yaml").write_text(PROJECT)
    (tmp_path / "hello.yaml").write_text(SPEC.format(more=more))
    monkeypatch.chdir(tmp_path)
    report = plan(["hello.yaml"], env="test", clock=CLOCK)
    assert report.plans[0].schedule == expected
    assert load_schema("plan").problems(plan_document(report)) == []


def test_moments_are_counted_up_to_a_bound() -> None:
    found = row_moments([TUESDAY, None, TUESDAY, TUESDAY], most=3)
    assert found is not None
    assert (found.by_day, found.at_once, found.looked_at) == (((TUESDAY.date(), 2),), 1, 3)
    assert row_moments([TUESDAY] * 3, most=3) == RowMoments(first=TUESDAY, last=TUESDAY, by_day=((TUESDAY.date(), 3),))
    assert row_moments([None, None], most=3) is None
