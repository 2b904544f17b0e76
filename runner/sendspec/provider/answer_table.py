"""What each answer means, and what follows from it: one table, which `docs/reliability.md` repeats row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What an answer says of its message."""

    NOT_SENT = "not sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_PROCESSED = "not processed"
    RUN_REFUSED = "run refused"
    IN_DOUBT = "in doubt"


class Given(StrEnum):
    """What has to hold beside the status. Of the rows that name a status, the first whose condition holds is meant."""

    ALWAYS = ""
    PROVED = (
        "with JSON, an id that no other message has, and our `reference` (if there is no `reference`: our receiver)"
    )
    REJECTED = "with all that and `status: rejected`, single or in a batch"
    CHANNEL_MISSING = "that names the channel or the workspace, or is the run's first answer"
    TRUSTED = "with `Retry-After`, where the channel says `trust_503: true`"
    NOTHING_LEFT = "nothing left this machine"
    UNREADABLE = "no answer in time, half of one, or one that can't be read"
    MORE_BYTES = "any answer that is not in doubt, with more bytes behind it, except an acceptance with our `reference`"


class Next(StrEnum):
    """What follows for the message, and for the run."""

    BACK_OFF = "planned; tried again once there is a connection"
    FINAL = "final"
    FINAL_UNLESS_ALL = "final, with the API's reason; the run stops when its first 20 answers are all refusals (exit 7)"
    LATER = "planned; tried again after `Retry-After`, at a lower rate, at most 8 times"
    ONCE_MORE = "planned; tried once more, on a new connection"
    STOP_PLANNED = "planned; the run stops (exit 5)"
    LOOK_UP = "looked up; 5 within 20 answers open the breaker"
    PROBE = "looked up; opens the breaker at once"
    STOP_REDIRECTED = "looked up; never followed, the run stops (exit 4)"
    STOP_UNDOCUMENTED = "looked up; the run stops (exit 4): the cause is our request or a proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Answers that mean the same: their statuses, as inclusive ranges, and what else has to hold. No status: no whole answer."""

    statuses: tuple[tuple[int, int], ...] = ()
    given: Given = Given.ALWAYS
    meaning: Meaning
    then: Next

    def names(self, status: int) -> bool:
        return any(first <= status <= last for first, last in self.statuses)


def _each(*statuses: int) -> tuple[tuple[int, int], ...]:
    return tuple((status, status) for status in statuses)


ANSWERS = (
    Row(statuses=_each(200, 201, 202), given=Given.PROVED, meaning=Meaning.ACCEPTED, then=Next.FINAL),
    Row(statuses=_each(200, 201, 202), given=Given.REJECTED, meaning=Meaning.REFUSED, then=Next.FINAL_UNLESS_ALL),
    Row(statuses=((200, 299),), meaning=Meaning.IN_DOUBT, then=Next.PROBE),
    Row(statuses=_each(429), meaning=Meaning.NOT_PROCESSED, then=Next.LATER),
    Row(statuses=_each(503), given=Given.TRUSTED, meaning=Meaning.NOT_PROCESSED, then=Next.LATER),
    Row(statuses=_each(421, 425), meaning=Meaning.NOT_PROCESSED, then=Next.ONCE_MORE),
    Row(statuses=_each(401, 402, 403), meaning=Meaning.RUN_REFUSED, then=Next.STOP_PLANNED),
    Row(statuses=_each(404), given=Given.CHANNEL_MISSING, meaning=Meaning.RUN_REFUSED, then=Next.STOP_PLANNED),
    Row(statuses=_each(400, 404, 409, 422), meaning=Meaning.REFUSED, then=Next.FINAL_UNLESS_ALL),
    Row(statuses=(*_each(408, 500, 502, 503, 504), (520, 529)), meaning=Meaning.IN_DOUBT, then=Next.LOOK_UP),
    Row(statuses=((300, 399),), meaning=Meaning.IN_DOUBT, then=Next.STOP_REDIRECTED),
    Row(statuses=((200, 999),), meaning=Meaning.IN_DOUBT, then=Next.STOP_UNDOCUMENTED),
)
"""In the order in which they are asked; the last row takes whatever no other one names."""

OTHERWISE = (
    Row(given=Given.NOTHING_LEFT, meaning=Meaning.NOT_SENT, then=Next.BACK_OFF),
    Row(given=Given.UNREADABLE, meaning=Meaning.IN_DOUBT, then=Next.LOOK_UP),
    Row(given=Given.MORE_BYTES, meaning=Meaning.IN_DOUBT, then=Next.LOOK_UP),
)
"""What the exchange itself decides, whatever the status is."""


def rows_for(status: int) -> tuple[Row, ...]:
    """The rows that name `status`, in order; the last of them holds always."""
    return tuple(row for row in ANSWERS if row.names(status))


def statuses_where(holds: Callable[[Row], bool]) -> frozenset[int]:
    """Every status of the rows for which this holds."""
    rows = (row for row in ANSWERS if holds(row))
    return frozenset(status for row in rows for first, last in row.statuses for status in range(first, last + 1))
