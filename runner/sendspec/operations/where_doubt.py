"""What is doubtful about a spec's `where`; few specs have one."""

from __future__ import annotations

from collections.abc import Iterable

from sendspec.composing.template_tree import Placeholder
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.operations.send_job import Job
from sendspec.planning.plan import Plan


def where_doubts(job: Job, plan: Plan | None) -> Iterable[Diagnostic]:
    """Warnings. `plan` is None if the job's rows have errors: then how many rows are left out isn't known."""
    if not isinstance(job.program.where, Placeholder):
        return ()
    from sendspec.operations.near_value import near_values  # both import Jinja
    from sendspec.operations.where_warning import where_warnings

    return near_values(job) if plan is None else where_warnings(job, plan)
