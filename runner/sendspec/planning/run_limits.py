"""The limits on a whole run, checked against the size of a send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sendspec.planning.cost_limit import exceeded_cost
from sendspec.planning.exceeded_limit import ExceededLimit
from sendspec.planning.send_size import SendSize
from sendspec.reading.limits import Limits


def exceeded_limits(size: SendSize, limits: Limits, counted: str = "") -> Iterator[ExceededLimit]:
    """Every run limit that a send of this size exceeds. Limits on a single message are checked when it is composed.

    `counted` is added to each problem: which messages the size is of, unless it is that of all.
    """
    behind = f" ({counted})" if counted else ""
    yield from _exceeded("messages", size.messages, limits.messages, f"messages to send{behind}")
    yield from _exceeded("total_segments", size.segments, limits.total_segments, f"segments{behind}")
    if size.messages:
        for breach in exceeded_cost(size.cost, limits.cost):
            yield replace(breach, problem=f"{breach.problem}{behind}")


def _exceeded(limit: str, found: int, most: int | None, what: str) -> Iterator[ExceededLimit]:
    """The exceeded limit, if `found` exceeds `most`; None: no such limit. `what` names what is counted."""
    if most is not None and found > most:
        yield ExceededLimit(
            limit,
            f"the plan has {found:,} {what}; the limit is {most:,}".replace(",", " "),
            f"send to fewer recipients, or raise `limits: {{{limit}: …}}`",
        )
