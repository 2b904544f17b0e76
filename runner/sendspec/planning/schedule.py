"""When the messages of a plan go out, and how long sending them takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMoments:
    """The moments of messages that have one of their own each, as they read here. At least one message has one.

    `by_day` counts the messages of each day, `at_once` those without a moment. `looked_at` is how many messages were looked at if that
    was not all of them.
    """

    first: datetime
    last: datetime
    by_day: tuple[tuple[date, int], ...]
    at_once: int = 0
    looked_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`scheduled_for` is when the API is to send the messages, as it reads here; None for at once. It is `ahead` of the time of the plan.

    `varies`: each row has a moment of its own, counted in `moments` if they are known. `validity_seconds` is how long delivery is tried;
    None: the API's default, or it varies. Nothing is sent after `not_after`, which has the offset that the spec writes. `per_second` is
    the channel's limit in messages; None without one.
    """

    scheduled_for: datetime | None = None
    ahead: timedelta = timedelta(0)
    varies: bool = False
    moments: RowMoments | None = None
    not_after: datetime | None = None
    validity_seconds: int | None = None
    per_second: float | None = None

    def seconds(self, messages: int) -> float | None:
        """How long it takes to hand over as many messages, at least; None without a limit."""
        return None if self.per_second is None else messages / self.per_second


def row_moments(moments: Iterable[datetime | None], *, most: int) -> RowMoments | None:
    """The moments of messages, of the first `most` of them. None: none of them has a moment."""
    by_day: Counter[date] = Counter()
    first = last = None
    at_once = count = 0
    for moment in moments:
        if count == most:
            return _moments(first, last, by_day, at_once, count)
        count += 1
        if moment is None:
            at_once += 1
            continue
        by_day[moment.date()] += 1
        first = moment if first is None else min(first, moment)
        last = moment if last is None else max(last, moment)
    return _moments(first, last, by_day, at_once, None)


def _moments(
    first: datetime | None, last: datetime | None, by_day: Counter[date], at_once: int, looked_at: int | None
) -> RowMoments | None:
    if first is None or last is None:
        return None
    days = tuple(sorted(by_day.items()))
    return RowMoments(first=first, last=last, by_day=days, at_once=at_once, looked_at=looked_at)
