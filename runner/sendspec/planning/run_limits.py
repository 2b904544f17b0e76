"""The limits on a whole run, checked against a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sendspec.planning.plan import Plan
from sendspec.reading.limits import Limits


@dataclass(frozen=True, slots=True)
class ExceededLimit:
    """A limit that the plan exceeds. `limit` is its key under `limits`."""

    limit: str
    problem: str
    fix: str


def exceeded_limits(plan: Plan, limits: Limits) -> Iterator[ExceededLimit]:
    """Every run limit that `plan` exceeds. Limits on a single message are checked when it is composed."""
    yield from exceeded("messages", plan.send, limits.messages, "messages to send")
    yield from exceeded("total_segments", plan.segments.total, limits.total_segments, "segments")
    if limits.cost is not None and plan.send:
        yield ExceededLimit(
            "cost",
            "a limit on cost is set, and no price is known to hold the plan against",
            "limit `total_segments` instead of `cost`",
        )


def exceeded(limit: str, found: int, most: int | None, what: str) -> Iterator[ExceededLimit]:
    """The exceeded limit, if `found` exceeds `most`; None: no such limit. `what` names what is counted."""
    if most is not None and found > most:
        yield ExceededLimit(
            limit,
            f"the plan has {found:,} {what}; the limit is {most:,}".replace(",", " "),
            f"send to fewer recipients, or raise `limits: {{{limit}: …}}`",
        )
