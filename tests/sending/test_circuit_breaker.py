"""Doubts open the breaker, a certain probe closes it, a second doubt breaks it."""

from __future__ import annotations

from sendspec.sending.circuit_breaker import BreakerState, CircuitBreaker


def state_of(breaker: CircuitBreaker) -> BreakerState:
    """The state as it is now: a type checker takes an attribute for unchanged between two lines."""
    return breaker.state


def test_five_doubts_within_twenty_answers_open_the_breaker_and_a_certain_probe_closes_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(4):
        breaker.record_doubt(invalid_acceptance=False)
    assert state_of(breaker) is BreakerState.CLOSED
    breaker.record_doubt(invalid_acceptance=False)
    assert state_of(breaker) is BreakerState.OPEN
    breaker.drained()
    assert state_of(breaker) is BreakerState.HALF_OPEN
    breaker.record_certain()
    assert state_of(breaker) is BreakerState.CLOSED


def test_doubts_that_are_far_apart_do_not_shut_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(50):
        breaker.record_doubt(invalid_acceptance=False)
        for _ in range(4):
            breaker.record_certain()
    assert state_of(breaker) is BreakerState.CLOSED


def test_what_is_drained_while_the_breaker_is_closed_changes_nothing() -> None:
    breaker = CircuitBreaker()
    breaker.drained()
    assert state_of(breaker) is BreakerState.CLOSED
    breaker.record_doubt(invalid_acceptance=True)
    breaker.record_doubt(invalid_acceptance=True)
    assert state_of(breaker) is BreakerState.OPEN


def test_after_a_certain_probe_the_doubts_from_before_count_no_more() -> None:
    breaker = CircuitBreaker()
    for _ in range(5):
        breaker.record_doubt(invalid_acceptance=False)
    breaker.drained()
    breaker.record_certain()
    for _ in range(4):
        breaker.record_doubt(invalid_acceptance=False)
        assert state_of(breaker) is BreakerState.CLOSED


def test_a_probe_in_doubt_breaks_it_for_good() -> None:
    breaker = CircuitBreaker()
    breaker.record_doubt(invalid_acceptance=True)
    breaker.drained()
    breaker.record_doubt(invalid_acceptance=False)
    assert state_of(breaker) is BreakerState.BROKEN
    breaker.record_certain()
    assert state_of(breaker) is BreakerState.BROKEN
