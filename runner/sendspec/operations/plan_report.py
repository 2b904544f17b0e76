"""What a send would do: every spec's plan, and their sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.absent_audience import AbsentAudience
from sendspec.operations.plan_detail import PlanDetail
from sendspec.planning.base_change import BaseComparison
from sendspec.planning.cost import Cost, sum_of_costs
from sendspec.planning.plan import Plan, Segments, digests_of


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    """The plans in the order of the specs. `exceeded` are the limits that would stop a send; `warnings` include
    them. `stopped` are the names of the specs that exceed one by themselves.

    `details` are those of each plan; empty if they were not looked at. `base` is what changes against another commit, if that was
    asked for.

    `untrusted`: planned without a ledger, from tracked files alone; then `absent` are the specs whose recipients aren't among them,
    and `told_digests` the digests as the process told them that had the pairs.
    """

    environment: str
    plans: Sequence[Plan]
    warnings: Sequence[Diagnostic] = ()
    exceeded: Sequence[Diagnostic] = ()
    stopped: Sequence[str] = ()
    details: Sequence[PlanDetail] = ()
    base: BaseComparison | None = None
    untrusted: bool = False
    absent: Sequence[AbsentAudience] = ()
    told_digests: tuple[str, str] | None = None

    @property
    def recipients(self) -> int:
        return sum(plan.recipients for plan in self.plans)

    @property
    def send(self) -> int:
        return sum(plan.send for plan in self.plans)

    @property
    def skip(self) -> int:
        return self.recipients - self.send

    @property
    def skipped(self) -> dict[str, int]:
        """Skipped recipients by reason; only reasons that occur."""
        skipped: Counter[str] = Counter()
        for plan in self.plans:
            skipped.update({skip.value: count for skip, count in plan.skipped.items()})
        return dict(skipped)

    @property
    def segments(self) -> Segments:
        return Segments(
            total=sum(plan.segments.total for plan in self.plans),
            gsm7=sum(plan.segments.gsm7 for plan in self.plans),
            ucs2=sum(plan.segments.ucs2 for plan in self.plans),
        )

    @property
    def cost(self) -> Cost | None:
        """What all cost together; None where the project has no prices."""
        return sum_of_costs(plan.cost for plan in self.plans)

    @property
    def left(self) -> int:
        """Messages that were planned, never sent, and whose recipients are no longer in the tables."""
        return sum(plan.left for plan in self.plans)

    @cached_property
    def digests(self) -> tuple[str, str]:
        """The digest that people approve, and that of all that the files declare; the latter is empty where ids are provisional."""
        return digests_of(self.plans) if self.told_digests is None else self.told_digests

    @property
    def digest(self) -> str:
        return self.digests[0]

    @property
    def content_digest(self) -> str:
        return self.digests[1]
