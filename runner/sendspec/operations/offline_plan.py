"""What several commands do first: open the context, read the specs, compose every row without a ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.composing.reach import Reach
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.plan_blocks import LedgerView, plan_rows
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.send_job import Job, read_jobs
from sendspec.planning.decide import History
from sendspec.planning.plan import Plan, nothing_known
from sendspec.planning.run_limits import beyond, breaches


def open_jobs(
    specs: Sequence[str], env: str | None, recipients: str | None, problems: Problems
) -> tuple[ProjectContext | None, list[Job]]:
    """The context of the first spec, and every spec that can be used; their tables are read where they are."""
    context = open_context(specs, env, problems)
    return context, [] if context is None else read_jobs(specs, context, recipients, problems)


def check_jobs(jobs: Sequence[Job], problems: Problems, processes: int) -> list[Plan]:
    """Composes every row of every job as if nothing had ever been sent, and holds the result against the limits."""
    plans = []
    for job in jobs:
        plan = plan_without_ledger(job, problems, processes)
        for diagnostic in limit_diagnostics(job, plan, Severity.ERROR):
            problems.add(diagnostic)
        plans.append(plan)
    return plans


def plan_without_ledger(job: Job, problems: Problems, processes: int = 1) -> Plan:
    held = LedgerView(nothing_known, nothing_known, History(started=False), Reach(suppressed=job.suppressed))
    return plan_rows(job, held, problems, processes)


def total_diagnostics(
    context: ProjectContext, plans: Sequence[Plan], severity: Severity = Severity.ERROR
) -> list[Diagnostic]:
    """The limits of the environment that several specs break together, though each of them is within it."""
    limits = context.environment.limits
    sums = (
        ("messages", sum(plan.send for plan in plans), limits.messages),
        ("total_segments", sum(plan.segments.total for plan in plans), limits.total_segments),
    )
    return [
        Diagnostic(
            code=f"limit-{breach.limit.replace('_', '-')}",
            path=context.project_path,
            span=FILE_START,
            problem=breach.problem,
            fix=breach.fix,
            severity=severity,
        )
        for name, found, most in sums
        for breach in beyond(name, found, most, "messages to send" if name == "messages" else "segments")
    ]


def limit_diagnostics(job: Job, plan: Plan, severity: Severity) -> list[Diagnostic]:
    """The run's limits that `plan` breaks, placed on the spec's `limits` where they stand there."""
    return [
        job.spec.document.diagnostic(
            ("limits", breach.limit) if breach.limit in job.spec.limits_written else ("name",),
            code=f"limit-{breach.limit.replace('_', '-')}",
            problem=breach.problem,
            fix=breach.fix,
            severity=severity,
        )
        for breach in breaches(plan, job.limits)
    ]
