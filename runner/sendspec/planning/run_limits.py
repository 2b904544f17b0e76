"""The limits on a whole run, checked against a plan."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.planning.cost_limit import exceeded_cost
from sendspec.planning.exceeded_limit import ExceededLimit
from sendspec.planning.plan import Plan
from sendspec.reading.limits import Limits


def exceeded_limits(plan: Plan, limits: Limits) -> Iterator[ExceededLimit]:
    """Every run limit that `plan` exceeds. Limits on a single message are checked when it is composed."""
    yield from exceeded("messages", plan.send, limits.messages, "messages to send")
    yield from exceeded("total_segments", plan.segments.total, limits.total_segments, "segments")
    if plan.send:
        yield from exceeded_cost(plan.cost, limits.cost)


def exceeded(limit: str, found: int, most: int | None, what: str) -> Iterator[ExceededLimit]:
    """The exceeded limit, if `found` exceeds `most`; None: no such limit. `what` names what is counted."""
    if most is not None and found > most:
        yield ExceededLimit(
            limit,
            f"the plan has {found:,} {what}; the limit is {most:,}".replace(",", " "),
            f"send to fewer recipients, or raise `limits: {{{limit}: …}}`",
        )
