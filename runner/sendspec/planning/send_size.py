"""How large a send is, as the limits on a run measure it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.cost import Cost, sum_of_costs
from sendspec.planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSize:
    """`cost` is None where the project has no prices."""

    messages: int
    segments: int
    cost: Cost | None


def size_of(plan: Plan) -> SendSize:
    return SendSize(messages=plan.send, segments=plan.segments.total, cost=plan.cost)


def sum_of_sizes(sizes: Iterable[SendSize]) -> SendSize:
    every: Sequence[SendSize] = tuple(sizes)
    return SendSize(
        messages=sum(size.messages for size in every),
        segments=sum(size.segments for size in every),
        cost=sum_of_costs(size.cost for size in every),
    )
