"""What becomes of one message: every state the ledger may have it in, with the same payload and with another."""

from __future__ import annotations

import pytest
from plain_body import PLAIN_BODY
from sendspec.composing.eligibility import EVERYONE, Eligibility
from sendspec.composing.message import Duplicate, Filtered, Message
from sendspec.planning.choice import choice_of
from sendspec.planning.decision import History, Retry, Skip, decide
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State

SAME, OTHER = b"s" * 32, b"o" * 32


def message(digest: bytes = SAME, receiver: str = "+447700900001") -> Message:
    return Message(
        id=b"i" * 16, receiver=receiver, reference="r", body=PLAIN_BODY, digest=digest, text="Hi", measure=None, line=2
    )


@pytest.mark.parametrize(
    ("state", "digest", "started", "expected"),
    [
        (None, SAME, False, None),
        (None, SAME, True, None),
        (State.PLANNED, SAME, False, None),
        (State.PLANNED, SAME, True, None),
        (State.PLANNED, OTHER, False, None),
        (State.PLANNED, OTHER, True, Skip.ON_HOLD),
        (State.SENDING, SAME, True, Skip.IN_DOUBT_BEFORE),
        (State.SENDING, OTHER, True, Skip.IN_DOUBT_BEFORE),
        (State.IN_DOUBT, SAME, True, Skip.IN_DOUBT_BEFORE),
        (State.IN_DOUBT, OTHER, True, Skip.IN_DOUBT_BEFORE),
        (State.ACCEPTED, SAME, True, Skip.ALREADY_ACCEPTED),
        (State.ACCEPTED, OTHER, True, Skip.DRIFT),
        (State.REFUSED, SAME, True, Skip.REFUSED_BEFORE),
        (State.REFUSED, OTHER, True, Skip.DRIFT),
        (State.SKIPPED, SAME, True, Skip.SETTLED_BY_HAND),
        (State.SKIPPED, OTHER, True, Skip.SETTLED_BY_HAND),
    ],
)
def test_the_ledgers_word_decides(state: State | None, digest: bytes, started: bool, expected: Skip | None) -> None:
    fact = None if state is None else Fact(state, digest)
    assert decide(message(), fact, History(started), EVERYONE) is expected


@pytest.mark.parametrize("state", [None, *State])
@pytest.mark.parametrize("digest", [SAME, OTHER])
def test_whether_anything_was_claimed_matters_to_another_text_of_a_planned_message_alone(
    state: State | None, digest: bytes
) -> None:
    fact = None if state is None else Fact(state, digest)
    before, after = (decide(message(), fact, History(started), EVERYONE) for started in (False, True))
    assert (before is after) == (fact != Fact(State.PLANNED, OTHER))


CONTINUED = History(started=True, continues=True)


@pytest.mark.parametrize("retry", [None, Retry.NOT_SENT])
def test_a_send_that_continues_sends_what_was_planned_with_another_text(retry: Retry | None) -> None:
    assert decide(message(), Fact(State.PLANNED, OTHER), CONTINUED, EVERYONE, choice_of(retry).retry) is None


@pytest.mark.parametrize("state", [None, *State])
@pytest.mark.parametrize("digest", [SAME, OTHER])
@pytest.mark.parametrize("retry", [None, *Retry])
def test_continuing_changes_nothing_else(state: State | None, digest: bytes, retry: Retry | None) -> None:
    fact = None if state is None else Fact(state, digest)
    plain, continued = (
        decide(message(), fact, each, EVERYONE, choice_of(retry).retry) for each in (History(True), CONTINUED)
    )
    assert (plain is continued) == (plain is not Skip.ON_HOLD)


@pytest.mark.parametrize("state", [None, *State])
@pytest.mark.parametrize("digest", [SAME, OTHER])
@pytest.mark.parametrize("retry", [None, *Retry])
@pytest.mark.parametrize("continues", [False, True])
def test_from_not_after_on_what_would_be_sent_is_expired_and_all_else_is_what_it_was(
    state: State | None, digest: bytes, retry: Retry | None, continues: bool
) -> None:
    fact = None if state is None else Fact(state, digest)
    before, after = (
        decide(
            message(),
            fact,
            History(started=True, continues=continues, expired=expired),
            EVERYONE,
            choice_of(retry).retry,
        )
        for expired in (False, True)
    )
    assert after is (before or Skip.EXPIRED)


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLANNED])
@pytest.mark.parametrize("digest", [SAME, OTHER])
@pytest.mark.parametrize("started", [False, True])
def test_whatever_was_once_on_its_way_is_not_sent_by_a_plain_send(state: State, digest: bytes, started: bool) -> None:
    assert decide(message(), Fact(state, digest), History(started), EVERYONE) is not None


@pytest.mark.parametrize(
    ("state", "digest", "refused", "not_sent"),
    [
        (None, SAME, Skip.NOT_CHOSEN, Skip.NOT_CHOSEN),
        (State.PLANNED, SAME, Skip.NOT_CHOSEN, None),
        (State.PLANNED, OTHER, Skip.ON_HOLD, Skip.ON_HOLD),
        (State.IN_DOUBT, SAME, Skip.IN_DOUBT_BEFORE, Skip.IN_DOUBT_BEFORE),
        (State.ACCEPTED, SAME, Skip.ALREADY_ACCEPTED, Skip.ALREADY_ACCEPTED),
        (State.ACCEPTED, OTHER, Skip.DRIFT, Skip.DRIFT),
        (State.REFUSED, SAME, None, Skip.REFUSED_BEFORE),
        (State.REFUSED, OTHER, None, Skip.DRIFT),
    ],
)
def test_a_retry_sends_its_kind_and_nothing_else(
    state: State | None, digest: bytes, refused: Skip | None, not_sent: Skip | None
) -> None:
    fact = None if state is None else Fact(state, digest)
    assert decide(message(), fact, History(True), EVERYONE, frozenset({Retry.REFUSED})) is refused
    assert decide(message(), fact, History(True), EVERYONE, frozenset({Retry.NOT_SENT})) is not_sent


def test_rows_that_are_no_message_are_skipped_for_their_own_reason() -> None:
    assert decide(Filtered(3), None, History(False), EVERYONE) is Skip.FILTERED
    assert (
        decide(Duplicate(3), None, History(False), Eligibility(frozenset()), frozenset({Retry.REFUSED}))
        is Skip.DUPLICATE
    )


def test_whoever_may_not_be_reached_is_skipped_whatever_the_ledger_says() -> None:
    nobody_else, listed = frozenset({"+447700900002"}), frozenset({"+447700900001"})
    accepted = Fact(State.ACCEPTED, SAME)
    assert decide(message(), accepted, History(True), Eligibility(nobody_else)) is Skip.ONLY_TO
    assert decide(message(), accepted, History(True), Eligibility(None, listed)) is Skip.SUPPRESSED
    assert (
        decide(message(), None, History(True), Eligibility(listed, listed), frozenset({Retry.NOT_SENT}))
        is Skip.SUPPRESSED
    )
    assert decide(message(), None, History(True), Eligibility(nobody_else, listed)) is Skip.ONLY_TO
    assert decide(message(receiver="+447700900002"), None, History(False), Eligibility(nobody_else)) is None
