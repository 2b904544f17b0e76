"""What would be done to one message, and why not more: a pure function of the message and the ledger's fact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runner.composing.message import Composed, Duplicate, Filtered
from runner.planning.fact import Fact, State


class Skip(StrEnum):
    """Why a recipient gets nothing in this run. The words stand in JSON."""

    ALREADY_ACCEPTED = "already-accepted"
    DRIFT = "drift"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"
    ONLY_TO = "only-to"
    IN_DOUBT_BEFORE = "in-doubt-before"
    REFUSED_BEFORE = "refused-before"
    ON_HOLD = "on-hold"
    SETTLED_BY_HAND = "settled-by-hand"
    NOT_CHOSEN = "not-chosen"


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger knows of a spec's generation as a whole: whether any message of it was ever claimed."""

    started: bool


class Retry(StrEnum):
    """Which of the messages that a person chose to try again; the words are those of the command line."""

    REFUSED = "refused"
    NOT_SENT = "not-sent"


def decide(
    item: Composed, fact: Fact | None, history: History, only_to: frozenset[str] | None, retry: Retry | None = None
) -> Skip | None:
    """Why `item` is skipped; None where it is to be sent.

    `only_to` holds the normalised addresses that may be reached. With `retry`, nothing but the messages of that kind is sent.
    """
    if isinstance(item, Filtered):
        return Skip.FILTERED
    if isinstance(item, Duplicate):
        return Skip.DUPLICATE
    if only_to is not None and item.receiver not in only_to:
        return Skip.ONLY_TO
    return decide_by_fact(item.digest, fact, history, retry)


def decide_by_fact(digest: bytes, fact: Fact | None, history: History, retry: Retry | None) -> Skip | None:
    """What the ledger has to say of a message with this digest, and what a person chose."""
    if retry is not None:
        return _retried(digest, fact, history, retry)
    return None if fact is None else _by_fact(digest, fact, history)


def _retried(digest: bytes, fact: Fact | None, history: History, retry: Retry) -> Skip | None:
    if retry is Retry.REFUSED and fact is not None and fact.state is State.REFUSED:
        return None
    skip = None if fact is None else _by_fact(digest, fact, history)
    chosen = retry is Retry.NOT_SENT and fact is not None
    return skip if skip is not None or chosen else Skip.NOT_CHOSEN


def _by_fact(digest: bytes, fact: Fact, history: History) -> Skip | None:
    same = fact.digest == digest
    match fact.state:
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
