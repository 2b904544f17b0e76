"""Limits of a run: met to the last message, told when gone beyond."""

from __future__ import annotations

import pytest
from sendspec.planning.run_limits import exceeded_limits
from sendspec.planning.send_size import SendSize
from sendspec.reading.limits import Limits, amount_of


def size(messages: int, segments: int = 0) -> SendSize:
    return SendSize(messages=messages, segments=segments, cost=None)


@pytest.mark.parametrize(
    ("limits", "broken"),
    [
        (Limits(), []),
        (Limits(messages=5_000, total_segments=9_000), []),
        (Limits(messages=4_999), ["messages"]),
        (Limits(total_segments=8_999), ["total_segments"]),
        (Limits(messages=0, total_segments=0), ["messages", "total_segments"]),
        (Limits(cost=(amount_of(1_000_000),)), ["cost"]),
        (Limits(messages=1, total_segments=1, cost=(amount_of(1),)), ["messages", "total_segments", "cost"]),
        (Limits(segments=1, encoding="gsm7", failure_rate=0.0), []),
    ],
)
def test_a_limit_holds_up_to_its_number(limits: Limits, broken: list[str]) -> None:
    assert [breach.limit for breach in exceeded_limits(size(5_000, 9_000), limits)] == broken


def test_with_nothing_to_send_no_limit_is_broken() -> None:
    assert list(exceeded_limits(size(0), Limits(messages=0, total_segments=0, cost=(amount_of(0),)))) == []


def test_a_breach_says_both_numbers_and_where_the_limit_is_raised() -> None:
    messages, segments = exceeded_limits(size(12_000, 1_234_567), Limits(messages=5_000, total_segments=20_000))
    assert messages.problem == "the plan has 12 000 messages to send; the limit is 5 000"
    assert messages.fix == "send to fewer recipients, or raise `limits: {messages: …}`"
    assert segments.problem == "the plan has 1 234 567 segments; the limit is 20 000"
    assert segments.fix == "send to fewer recipients, or raise `limits: {total_segments: …}`"


def test_a_breach_says_which_messages_were_counted() -> None:
    limits = Limits(messages=1, cost=(amount_of("EUR 1"),))
    problems = [each.problem for each in exceeded_limits(size(2), limits, "new against 'main'")]
    assert problems == [
        "the plan has 2 messages to send (new against 'main'); the limit is 1",
        "the cost is limited to EUR 1, but there are no prices (new against 'main')",
    ]
