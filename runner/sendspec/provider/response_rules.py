"""What each response means and what follows from it: one table, which `docs/reliability.md` repeats row by row.

`classification` looks its outcomes up here. For 200, 201 and 202 the table only states the result: `acceptance` checks the proof
in code, `batch_classification` that of a batch, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass


class Meaning(StrEnum):
    """What a response says about its message."""

    NOT_SENT = "not sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_PROCESSED = "not processed"
    RUN_REFUSED = "run refused"
    IN_DOUBT = "in doubt"


class Condition(StrEnum):
    """What must be true besides the status. Of the rules that cover a status, the first whose condition is met applies."""

    ALWAYS = ""
    REJECTED = "with `status: rejected` and all that the next row asks for, single or in a batch"
    PROVED = (
        "with JSON, an id that no other message has, and our `reference` (if there is no `reference`: our receiver)"
    )
    CHANNEL_MISSING = "that names the channel or the workspace, or is the run's first answer"
    TRUSTED = "with `Retry-After`, where the channel says `trust_503: true`"
    NOTHING_LEFT = "nothing left this machine"
    UNREADABLE = "no answer in time, half of one, or one that can't be read"
    MORE_BYTES = "any answer that is not in doubt, with more bytes behind it, except an acceptance with our `reference`"


class FollowUp(StrEnum):
    """What happens to the message and to the run."""

    BACK_OFF = "planned; tried again once there is a connection"
    FINAL = "final"
    FINAL_UNLESS_ALL = "final, with the API's reason; the run stops when its first 20 answers are all refusals (exit 7)"
    LATER = "planned; tried again after `Retry-After`, at a lower rate: at most 8 tries in all"
    ONCE_MORE = "planned; tried once more, at a lower rate and on a new connection"
    STOP_PLANNED = "planned; the run stops (exit 5)"
    LOOK_UP = "looked up; 5 within 20 answers open the breaker"
    PROBE = "looked up; opens the breaker at once"
    STOP_REDIRECTED = "looked up; never followed, the run stops (exit 4)"
    STOP_UNDOCUMENTED = "looked up; the run stops (exit 4): the cause is our request or a proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Responses with one meaning: their statuses, as inclusive ranges, and a condition.

    Without statuses, the exchange itself decides, whatever the status: see `EXCHANGE_RULES`.
    """

    statuses: tuple[tuple[int, int], ...] = ()
    condition: Condition = Condition.ALWAYS
    meaning: Meaning
    follow_up: FollowUp

    def covers(self, status: int) -> bool:
        return any(first <= status <= last for first, last in self.statuses)


def _each(*statuses: int) -> tuple[tuple[int, int], ...]:
    return tuple((status, status) for status in statuses)


RULES = (
    Rule(
        statuses=_each(200, 201, 202),
        condition=Condition.REJECTED,
        meaning=Meaning.REFUSED,
        follow_up=FollowUp.FINAL_UNLESS_ALL,
    ),
    Rule(statuses=_each(200, 201, 202), condition=Condition.PROVED, meaning=Meaning.ACCEPTED, follow_up=FollowUp.FINAL),
    Rule(statuses=((200, 299),), meaning=Meaning.IN_DOUBT, follow_up=FollowUp.PROBE),
    Rule(statuses=_each(429), meaning=Meaning.NOT_PROCESSED, follow_up=FollowUp.LATER),
    Rule(statuses=_each(503), condition=Condition.TRUSTED, meaning=Meaning.NOT_PROCESSED, follow_up=FollowUp.LATER),
    Rule(statuses=_each(421, 425), meaning=Meaning.NOT_PROCESSED, follow_up=FollowUp.ONCE_MORE),
    Rule(statuses=_each(401, 402, 403), meaning=Meaning.RUN_REFUSED, follow_up=FollowUp.STOP_PLANNED),
    Rule(
        statuses=_each(404),
        condition=Condition.CHANNEL_MISSING,
        meaning=Meaning.RUN_REFUSED,
        follow_up=FollowUp.STOP_PLANNED,
    ),
    Rule(statuses=_each(400, 404, 409, 422), meaning=Meaning.REFUSED, follow_up=FollowUp.FINAL_UNLESS_ALL),
    Rule(statuses=(*_each(408, 500, 502, 503, 504), (520, 529)), meaning=Meaning.IN_DOUBT, follow_up=FollowUp.LOOK_UP),
    Rule(statuses=((300, 399),), meaning=Meaning.IN_DOUBT, follow_up=FollowUp.STOP_REDIRECTED),
    Rule(statuses=((200, 999),), meaning=Meaning.IN_DOUBT, follow_up=FollowUp.STOP_UNDOCUMENTED),
)
"""In order of precedence: a rejected message meets `PROVED` too. The last rule covers every status."""

EXCHANGE_RULES = (
    Rule(condition=Condition.NOTHING_LEFT, meaning=Meaning.NOT_SENT, follow_up=FollowUp.BACK_OFF),
    Rule(condition=Condition.UNREADABLE, meaning=Meaning.IN_DOUBT, follow_up=FollowUp.LOOK_UP),
    Rule(condition=Condition.MORE_BYTES, meaning=Meaning.IN_DOUBT, follow_up=FollowUp.LOOK_UP),
)
"""What the exchange itself decides, before any rule for a status. This only documents it: `sending/sender.py` sees whether a byte was
sent and whether a response was whole, `classification.py` and `acceptance.py` whether more bytes followed it."""


def rules_for(status: int) -> tuple[Rule, ...]:
    """The rules that cover `status`, in order. The last of them has no condition."""
    return tuple(rule for rule in RULES if rule.covers(status))


def statuses_where(holds: Callable[[Rule], bool]) -> frozenset[int]:
    """Every status of the rules for which `holds` is true."""
    rules = (rule for rule in RULES if holds(rule))
    return frozenset(status for rule in rules for first, last in rule.statuses for status in range(first, last + 1))
