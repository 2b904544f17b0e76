"""The limits on a run that plans exceed, each placed where it is written: in the spec or for its environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.exceeded_limit import ExceededLimit
from sendspec.planning.plan import Plan
from sendspec.planning.run_limits import exceeded_limits
from sendspec.planning.send_size import SendSize, size_of, sum_of_sizes


def plan_limits(
    context: ProjectContext, jobs: Sequence[Job], plans: Sequence[Plan], severity: Severity
) -> list[Diagnostic]:
    """The limits that single plans exceed; if there are none, those that the plans exceed together."""
    sizes = [size_of(plan) for plan in plans]
    found = [
        diagnostic
        for job, size in zip(jobs, sizes, strict=True)
        for diagnostic in spec_limits(job, size, context, severity)
    ]
    return found or list(total_limits(context, sizes, severity))


def spec_limits(
    job: Job, size: SendSize, context: ProjectContext, severity: Severity, counted: str = ""
) -> Iterator[Diagnostic]:
    """The limits that a send of the job exceeds, if it is of this size. `counted` says what the size is of, if not of all messages."""
    own = list(exceeded_limits(size, job.spec.limits, counted))
    for breach in exceeded_limits(size, job.limits, counted):
        if breach in own:
            yield job.spec.document.diagnostic(
                ("limits", breach.limit),
                code=_code(breach),
                problem=breach.problem,
                fix=breach.fix,
                severity=severity,
            )
        else:
            yield _of_environment(breach, context, severity, f"{printable(job.spec.name)}: ")


def total_limits(
    context: ProjectContext, sizes: Sequence[SendSize], severity: Severity, counted: str = ""
) -> Iterator[Diagnostic]:
    """The limits of the environment that several specs exceed together, though each may be within them."""
    for breach in exceeded_limits(sum_of_sizes(sizes), context.environment.limits, counted):
        yield _of_environment(breach, context, severity)


def stopped_specs(jobs: Sequence[Job], sizes: Sequence[SendSize]) -> tuple[str, ...]:
    """The names of the specs that exceed a limit by themselves."""
    return tuple(job.spec.name for job, size in zip(jobs, sizes, strict=True) if any(exceeded_limits(size, job.limits)))


def _of_environment(breach: ExceededLimit, context: ProjectContext, severity: Severity, whose: str = "") -> Diagnostic:
    place = context.environment.limit_places.get(breach.limit)
    where = f" of '{context.environment.name}' in {context.project_path}" if breach.names_limit else ""
    return Problem(_code(breach), f"{whose}{breach.problem}", f"{breach.fix}{where}").diagnostic(
        context.project_path,
        FILE_START if place is None else place.span,
        severity=severity,
        excerpt="" if place is None else place.excerpt,
    )


def _code(breach: ExceededLimit) -> str:
    return f"limit-{breach.limit.replace('_', '-')}"
