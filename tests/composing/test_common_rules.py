"""The rules that hold on every platform."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sendspec.composing.common_rules import COMMON_RULES, MAX_IMAGES, schedule_rule

IMAGE = {"mediaUrl": "https://example.com/a.png"}
MARKETING = {"extraInformation": {"useCase": "marketing"}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"body": {}, "template": {}}, ["body-and-template"]),
        ({"body": {"type": "image", "image": {"images": [IMAGE] * MAX_IMAGES}}}, []),
        ({"body": {"type": "image", "image": {"images": [IMAGE] * (MAX_IMAGES + 1)}}}, ["too-many-images"]),
        ({"capFrequency": True}, ["cap-frequency"]),
        ({"capFrequency": True, "meta": MARKETING}, []),
        ({"capFrequency": False}, []),
    ],
)
def test_common_rules(payload: dict[str, Any], expected: list[str]) -> None:
    assert [fault.code for rule in COMMON_RULES for fault in rule.problems(payload)] == expected


@pytest.mark.parametrize("at", [("body", "image", "images", 1), ("template", "attachments", 1)])
def test_a_private_media_url_is_a_fault_at_its_place(at: tuple[str | int, ...]) -> None:
    items = [IMAGE, {"mediaUrl": "https://127.0.0.1/a.png"}]
    payload = (
        {"body": {"type": "image", "image": {"images": items}}}
        if at[0] == "body"
        else {"template": {"attachments": items}}
    )
    faults = [fault for rule in COMMON_RULES for fault in rule.problems(payload)]
    assert [fault.at for fault in faults] == [(*at, "mediaUrl")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, []),
        ("2031-01-01T00:00:01Z", []),
        ("2031-02-04T23:59:59z", []),
        ("2030-12-31T23:59:59Z", ["scheduled-past"]),
        ("2031-02-05T00:00:01Z", ["scheduled-far"]),
        ("2031-01-31T23:59:60Z", []),
    ],
)
def test_a_scheduled_time_lies_within_35_days(written: str | None, expected: list[str]) -> None:
    rule = schedule_rule(datetime(2031, 1, 1, tzinfo=UTC))
    payload = {} if written is None else {"scheduledFor": written}
    assert [fault.code for fault in rule.problems(payload)] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, []),
        ("2031-01-10T12:00:00Z", []),
        ("2031-01-10T13:00:00+01:00", []),
        ("2031-01-10T12:00:01Z", ["scheduled-late"]),
        ("2031-01-10T12:30:00-00:30", ["scheduled-late"]),
        ("2030-12-31T23:59:59Z", ["scheduled-past"]),
        ("2031-02-05T00:00:01Z", ["scheduled-far"]),
    ],
)
def test_a_scheduled_time_is_no_later_than_not_after(written: str | None, expected: list[str]) -> None:
    rule = schedule_rule(datetime(2031, 1, 1, tzinfo=UTC), datetime(2031, 1, 10, 12, tzinfo=UTC))
    payload = {} if written is None else {"scheduledFor": written}
    assert [fault.code for fault in rule.problems(payload)] == expected
