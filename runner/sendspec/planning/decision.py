"""Decides whether each message is sent or skipped, and why, from the message and the ledger's fact about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import NamedTuple, Never, TypeAlias, assert_never

from sendspec.composing.eligibility import Eligibility, Exclusion
from sendspec.composing.message import Composed, Duplicate, Filtered, Message
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.fact import Fact, PlanningState, PriorState
from sendspec.planning.message_state import State

WINDOW = 500
"""The number of messages whose facts are looked up at once."""

FactLookup: TypeAlias = Callable[[Sequence[bytes]], Mapping[bytes, Fact]]
"""Maps message ids to their facts. Ids that the ledger doesn't know are left out."""
StateLookup: TypeAlias = Callable[[Sequence[bytes]], Mapping[bytes, PriorState]]
"""Maps message ids to states, keyed by the id followed by the digest last planned. Unknown ids are left out."""


def nothing_known(ids: Sequence[bytes]) -> Mapping[bytes, Never]:
    """The `FactLookup` and `StateLookup` of an empty ledger."""
    return {}


class Skip(StrEnum):
    """Why a recipient gets no message in this run. The words are used in JSON."""

    ALREADY_ACCEPTED = "already-accepted"
    DRIFT = "drift"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"
    ONLY_TO = "only-to"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted-out"
    IN_DOUBT_BEFORE = "in-doubt-before"
    REFUSED_BEFORE = "refused-before"
    ON_HOLD = "on-hold"
    SETTLED_BY_HAND = "settled-by-hand"
    NOT_CHOSEN = "not-chosen"
    NOT_IN_PLAN = "not-in-plan"
    TAKEN_ELSEWHERE = "taken-elsewhere"
    BASELINE = "baseline"
    EXPIRED = "expired"
    NOT_UNDELIVERED = "not-undelivered"


SKIP_BY_EXCLUSION: Mapping[int, Skip | None] = {
    Exclusion.NONE: None,
    Exclusion.ONLY_TO: Skip.ONLY_TO,
    Exclusion.SUPPRESSED: Skip.SUPPRESSED,
    Exclusion.OPTED_OUT: Skip.OPTED_OUT,
}


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a spec's generation as a whole.

    `started`: at least one of its messages was ever claimed. `continues`: the spec lets messages on hold go out with its present
    text. `expired`: its `not_after` has passed.
    """

    started: bool
    continues: bool = False
    expired: bool = False


class Retry(StrEnum):
    """Which messages the user asked to retry. The words are those of the command line."""

    REFUSED = "refused"
    NOT_SENT = "not-sent"


def decide(
    item: Composed,
    fact: Fact | None,
    history: History,
    eligibility: Eligibility,
    retry: frozenset[Retry] = frozenset(),
) -> Skip | None:
    """Why `item` is skipped; None if it is to be sent.

    `fact` is None for a message that the ledger doesn't know. An excluded recipient is skipped whatever the ledger says. With
    kinds of `retry`, only messages of those kinds are sent.
    """
    if isinstance(item, Filtered):
        return Skip.FILTERED
    if isinstance(item, Duplicate):
        return Skip.DUPLICATE
    exclusion = SKIP_BY_EXCLUSION[eligibility.exclusion_of(item)]
    if exclusion is not None:
        return exclusion
    if fact is None:
        return decide_by_state(None, history, retry, same=False)
    return decide_by_state(fact.prior_state, history, retry, same=fact.digest == item.digest)


def decide_by_state(state: PriorState | None, history: History, retry: frozenset[Retry], *, same: bool) -> Skip | None:
    """Why a message in this state is skipped; None if it is to be sent. `state` is None for a message unknown to the ledger.

    `same`: the message has the digest that the ledger last planned.
    """
    if retry:
        skip = _decide_retry(state, history, retry, same=same)
    else:
        skip = None if state is None else _by_state(state, history, same=same)
    return Skip.EXPIRED if skip is None and history.expired else skip


def _decide_retry(state: PriorState | None, history: History, retry: frozenset[Retry], *, same: bool) -> Skip | None:
    if Retry.REFUSED in retry and state is State.REFUSED:
        return None
    skip = None if state is None else _by_state(state, history, same=same)
    is_chosen = Retry.NOT_SENT in retry and state is not None
    return skip if skip is not None or is_chosen else Skip.NOT_CHOSEN


def _by_state(state: PriorState, history: History, *, same: bool) -> Skip | None:
    match state:
        case State.PLANNED:
            return None if same or history.continues or not history.started else Skip.ON_HOLD
        case State.ACCEPTED:
            return Skip.ALREADY_ACCEPTED if same else Skip.DRIFT
        case State.REFUSED:
            return Skip.REFUSED_BEFORE if same else Skip.DRIFT
        case State.SENDING | State.IN_DOUBT:
            return Skip.IN_DOUBT_BEFORE
        case State.SKIPPED:
            return Skip.SETTLED_BY_HAND
        case PlanningState.BASELINED:
            return Skip.BASELINE
        case PlanningState.UNDER_WAY:
            return Skip.TAKEN_ELSEWHERE
        case _:
            assert_never(state)


class Decision(NamedTuple):
    """A composed row and why it is skipped; None if it is to be sent. `fact` is None for a row that the ledger doesn't know."""

    item: Composed
    skip: Skip | None
    fact: Fact | None = None


def decisions(
    composed: Iterable[Composed],
    lookup: FactLookup,
    history: History,
    eligibility: Eligibility,
    retry: frozenset[Retry] = frozenset(),
) -> Iterator[Decision]:
    """Decides every row, in order. Facts are looked up for `WINDOW` rows at a time."""
    stream = iter(composed)
    while window := list(islice(stream, WINDOW)):
        facts = lookup([item.id for item in window if isinstance(item, Message)])
        for item in window:
            fact = facts.get(item.id) if isinstance(item, Message) else None
            yield Decision(item, decide(item, fact, history, eligibility, retry), fact)
