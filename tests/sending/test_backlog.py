"""Retries: how often a message and a run may have another try."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.sending.backlog import Backlog


def waiting(helpers: Any, count: int, expected: int) -> tuple[Backlog, list[Any]]:
    """A backlog whose messages were all taken once, and those messages."""
    backlog = Backlog((helpers.message(n) for n in range(count)), expected)
    taken = backlog.take(0.0, count + 1)
    assert backlog.exhausted
    return backlog, taken


@pytest.mark.parametrize(("expected", "tries"), [(1, 20), (200, 20), (300, 30)])
def test_a_run_has_a_tenth_of_its_messages_as_tries_and_no_fewer_than_twenty(
    helpers: Any, expected: int, tries: int
) -> None:
    backlog, messages = waiting(helpers, 40, expected)
    for message in messages:
        backlog.retry([message], 429, 5.0, spends_budget=True)
    assert backlog.take(4.9, 99) == []
    assert backlog.again_at == 5.0
    assert backlog.take(5.0, 99) == messages[:tries]
    assert backlog.empty


def test_a_request_is_one_try_and_one_that_does_not_count_is_none(helpers: Any) -> None:
    backlog, messages = waiting(helpers, 40, 1)
    for _ in range(3):
        backlog.retry(messages, 429, 5.0, spends_budget=False)
        assert backlog.take(5.0, 99) == messages
    for _ in range(4):
        backlog.retry(messages, 429, 5.0, spends_budget=True)
        assert backlog.take(5.0, 99) == messages
    backlog.retry(messages, 429, 5.0, spends_budget=True)  # the eighth of each
    assert backlog.empty


@pytest.mark.parametrize(("status", "tries"), [(421, 2), (425, 2), (429, 8), (503, 8)])
def test_how_often_a_message_is_tried_depends_on_the_answer(helpers: Any, status: int, tries: int) -> None:
    backlog, messages = waiting(helpers, 1, 1)
    for _ in range(tries - 1):
        backlog.retry(messages, status, 5.0, spends_budget=True)
        assert backlog.take(5.0, 1) == messages
    backlog.retry(messages, status, 5.0, spends_budget=True)
    assert backlog.empty
