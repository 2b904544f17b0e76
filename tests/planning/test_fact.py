"""A fact tells a baselined message from one that a person skipped."""

from __future__ import annotations

from sendspec.planning.fact import Fact, PlanningState
from sendspec.planning.message_state import State


def test_a_baselined_message_is_no_ordinary_skip() -> None:
    assert Fact(State.SKIPPED, b"d" * 24).prior_state is State.SKIPPED
    assert Fact(State.SKIPPED, b"d" * 24, baselined=True).prior_state is PlanningState.BASELINED


def test_facts_of_other_attempts_are_equal() -> None:
    assert Fact(State.PLANNED, b"d" * 24, attempt=1) == Fact(State.PLANNED, b"d" * 24, attempt=2)
