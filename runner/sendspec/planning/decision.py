"""What would be done to one message, and why not more: a pure function of the message and the ledger's fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sendspec.composing.message import Composed, Duplicate, Filtered
from sendspec.composing.reach import Barred, Reach
from sendspec.planning.fact import Baselined, Fact, PriorState
from sendspec.planning.message_state import State


class Skip(StrEnum):
    """Why a recipient gets nothing in this run. The words stand in JSON."""

    ALREADY_ACCEPTED = "already-accepted"
    DRIFT = "drift"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"
    ONLY_TO = "only-to"
    SUPPRESSED = "suppressed"
    IN_DOUBT_BEFORE = "in-doubt-before"
    REFUSED_BEFORE = "refused-before"
    ON_HOLD = "on-hold"
    SETTLED_BY_HAND = "settled-by-hand"
    NOT_CHOSEN = "not-chosen"
    TAKEN_ELSEWHERE = "taken-elsewhere"
    BASELINE = "baseline"


SKIP_OF_BARRED: Mapping[int, Skip | None] = {
    Barred.NO: None,
    Barred.BY_ONLY_TO: Skip.ONLY_TO,
    Barred.BY_SUPPRESS: Skip.SUPPRESSED,
}


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger knows of a spec's generation as a whole: whether any message of it was ever claimed."""

    started: bool


class Retry(StrEnum):
    """Which of the messages that a person chose to try again; the words are those of the command line."""

    REFUSED = "refused"
    NOT_SENT = "not-sent"


def decide(
    item: Composed, fact: Fact | None, history: History, reach: Reach, retry: Retry | None = None
) -> Skip | None:
    """Why `item` is skipped; None where it is to be sent.

    Whoever may not be reached is skipped whatever the ledger says. With `retry`, nothing but the messages of that kind is sent.
    """
    if isinstance(item, Filtered):
        return Skip.FILTERED
    if isinstance(item, Duplicate):
        return Skip.DUPLICATE
    barred = SKIP_OF_BARRED[reach.barred(item)]
    if barred is not None:
        return barred
    if fact is None:
        return decide_by_state(None, history, retry, same=False)
    return decide_by_state(fact.prior_state, history, retry, same=fact.digest == item.digest)


def decide_by_state(state: PriorState | None, history: History, retry: Retry | None, *, same: bool) -> Skip | None:
    """What the ledger has to say of a message, and what a person chose. `same`: it was planned with this digest."""
    if retry is not None:
        return _retried(state, history, retry, same=same)
    return None if state is None else _by_state(state, history, same=same)


def _retried(state: PriorState | None, history: History, retry: Retry, *, same: bool) -> Skip | None:
    if retry is Retry.REFUSED and state is State.REFUSED:
        return None
    skip = None if state is None else _by_state(state, history, same=same)
    chosen = retry is Retry.NOT_SENT and state is not None
    return skip if skip is not None or chosen else Skip.NOT_CHOSEN


def _by_state(state: PriorState, history: History, *, same: bool) -> Skip | None:
    match state:
        case State.PLANNED:
            return None if same or not history.started else Skip.ON_HOLD
        case State.ACCEPTED:
            return Skip.ALREADY_ACCEPTED if same else Skip.DRIFT
        case State.REFUSED:
            return Skip.REFUSED_BEFORE if same else Skip.DRIFT
        case State.SENDING | State.IN_DOUBT:
            return Skip.IN_DOUBT_BEFORE
        case State.SKIPPED:
            return Skip.SETTLED_BY_HAND
        case Baselined.BASELINED:
            return Skip.BASELINE
