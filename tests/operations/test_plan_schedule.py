"""A plan's schedule is what its spec and its channel say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sendspec import plan
from sendspec.diagnostics.clock import Clock
from sendspec.planning.schedule import Schedule
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
recipients: {{list: [{{phone: "+31612345678", at: skipped}}, {{phone: "+31612345679", at: "2026-12-01T08:00:00Z"}}], where: "{{{{ at != 'skipped' }}}}"}}
vars: {{start: "2026-12-01T09:00:00+01:00"}}
message:
  body: {{type: text, text: {{text: Hi}}}}
{more}"""
TUESDAY = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", Schedule(per_second=5.0)),
        ("  scheduledFor: 2026-12-01T08:00:00Z\n", Schedule(scheduled_for=TUESDAY, ahead=TUESDAY - NOW, per_second=5.0)),
        ('  scheduledFor: "{{ start }}"\n', Schedule(scheduled_for=TUESDAY, ahead=TUESDAY - NOW, per_second=5.0)),
        ('  scheduledFor: "{{ at }}"\n', Schedule(varies=True, per_second=5.0)),
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
