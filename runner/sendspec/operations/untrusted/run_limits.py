"""The limits on a run, checked where no ledger tells what was sent before: they count what is new against the base."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.operations.limit_check import spec_limits, stopped_specs, total_limits
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.base_change import BaseComparison
from sendspec.planning.plan import Plan
from sendspec.planning.send_size import SendSize, size_of

IF_NOTHING_WAS_SENT = "if nothing of it was sent before"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfUntrusted:
    """`exceeded` would stop a send, `possible` would only if nothing was sent before. `stopped` are the specs that exceed one alone."""

    exceeded: tuple[Diagnostic, ...]
    possible: tuple[Diagnostic, ...]
    stopped: tuple[str, ...]


def untrusted_limits(
    jobs: Sequence[Job], plans: Sequence[Plan], context: ProjectContext, base: BaseComparison | None
) -> LimitsOfUntrusted:
    """Specs that can't be compared with the base count in full, and so do all without a base: what they exceed is only possible."""
    new: dict[str, SendSize] = {}
    if base is not None:
        new = {name: change.new for name, change in base.specs.items() if change.new is not None}
    sizes = [new.get(job.spec.name) or size_of(plan) for job, plan in zip(jobs, plans, strict=True)]
    known = [size for job, size in zip(jobs, sizes, strict=True) if job.spec.name in new]
    counted = "" if base is None else f"new against '{printable(base.ref[:200])}'"
    exceeded: list[Diagnostic] = []
    possible: list[Diagnostic] = []
    for job, size in zip(jobs, sizes, strict=True):
        if job.spec.name in new:
            exceeded += spec_limits(job, size, context, Severity.WARNING, counted)
        else:
            possible += spec_limits(job, size, context, Severity.WARNING, IF_NOTHING_WAS_SENT)
    exceeded = exceeded or list(total_limits(context, known, Severity.WARNING, counted))
    if not exceeded and not possible:
        possible += total_limits(context, sizes, Severity.WARNING, IF_NOTHING_WAS_SENT)
    stopped = [job for job in jobs if job.spec.name in new]
    return LimitsOfUntrusted(exceeded=tuple(exceeded), possible=tuple(possible), stopped=stopped_specs(stopped, known))
