"""What ends a run: concluded from a request's outcomes and the run's counts, without a run."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RunRefused
from sendspec.sending.circuit_breaker import BreakerState
from sendspec.sending.ending import (
    MIN_CERTAIN,
    Ending,
    SpecRefused,
    StoppedByApi,
    TooManyDoubts,
    TooManyRefused,
    UnexpectedAnswer,
    Unreachable,
    ending_after,
    ending_without_connection,
)

RUN_REFUSED = RunRefused(401, "no")


def concluded(*outcomes: Outcome, **known: Any) -> Ending | None:
    values = {"certain": 0, "refused": 0, "failure_rate": None, "breaker": BreakerState.CLOSED}
    return ending_after(outcomes, **{**values, **known})


@pytest.mark.parametrize("breaker", BreakerState)
@pytest.mark.parametrize("outcome", [Accepted("id"), NotSent("no route"), NotProcessed(429, 1.0)])
def test_an_acceptance_and_what_is_sent_again_end_nothing(outcome: Outcome, breaker: BreakerState) -> None:
    assert concluded(outcome, breaker=breaker, certain=100, refused=99) is None


def test_a_refusal_of_the_run_ends_it_at_once() -> None:
    assert concluded(RUN_REFUSED) == StoppedByApi(RUN_REFUSED)


@pytest.mark.parametrize(
    ("certain", "refused", "ends"),
    [(MIN_CERTAIN - 1, MIN_CERTAIN - 1, False), (MIN_CERTAIN, MIN_CERTAIN, True), (MIN_CERTAIN, MIN_CERTAIN - 1, False)],
)  # fmt: skip
def test_only_refusals_in_all_of_the_first_answers_mean_that_the_spec_is_refused(
    certain: int, refused: int, ends: bool
) -> None:
    expected = SpecRefused("422 bad") if ends else None
    assert concluded(Refused(422, "422 bad"), certain=certain, refused=refused) == expected


@pytest.mark.parametrize(
    ("certain", "refused", "ends"),
    [(MIN_CERTAIN - 1, 10, False), (MIN_CERTAIN, 2, False), (MIN_CERTAIN, 3, True), (100, 10, False), (100, 11, True)],
)  # fmt: skip
def test_the_failure_rate_counts_from_the_first_answers_on(certain: int, refused: int, ends: bool) -> None:
    expected = TooManyRefused(refused, certain) if ends else None
    assert concluded(Accepted("id"), certain=certain, refused=refused, failure_rate=0.1) == expected


def test_without_a_failure_rate_no_share_of_refusals_ends_a_run() -> None:
    assert concluded(Accepted("id"), certain=100, refused=99) is None


def test_a_spec_that_is_refused_is_not_told_as_a_failure_rate() -> None:
    ending = concluded(Refused(422, "a"), certain=MIN_CERTAIN, refused=MIN_CERTAIN, failure_rate=0.1)
    assert ending == SpecRefused("a")


@pytest.mark.parametrize("breaker", BreakerState)
def test_a_doubt_ends_a_run_only_when_the_breaker_is_broken(breaker: BreakerState) -> None:
    expected = TooManyDoubts("lost") if breaker is BreakerState.BROKEN else None
    assert concluded(InDoubt("lost"), breaker=breaker) == expected


@pytest.mark.parametrize("breaker", BreakerState)
def test_an_answer_that_nobody_documents_ends_a_run_whatever_the_breaker_is(breaker: BreakerState) -> None:
    assert concluded(InDoubt("a 418", 418, stops_run=True), breaker=breaker) == UnexpectedAnswer("a 418")


@pytest.mark.parametrize(
    ("permanent", "seconds", "ends"), [(False, 5.0, False), (False, 5.1, True), (True, 0.0, True), (True, 9.0, True)]
)
def test_without_a_connection_a_run_ends_where_it_is_permanent_or_patience_is_over(
    permanent: bool, seconds: float, ends: bool
) -> None:
    ending = ending_without_connection("no route", permanent=permanent, seconds=seconds, patience=5.0)
    assert ending == (Unreachable("no route") if ends else None)
