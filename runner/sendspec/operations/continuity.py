"""Whether a spec is still the send that the ledger knows: its name, key, references and audience.

Changing one of these creates new messages for people who already have theirs. A change that may be a mistake is refused before
anything is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Facts
from sendspec.operations.decided_rows import Decided
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reference_conflict import reference_conflicts
from sendspec.operations.send_job import Job
from sendspec.planning.plan import Plan


def check_continuity(
    planned: Sequence[tuple[Job, Plan]],
    context: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    decided: Decided,
) -> None:
    """Checks name, key, references and audience of what would be sent. If nothing would be, nothing can be sent twice."""
    sending = [job for job, plan in planned if plan.send]
    plan_by_name = {plan.target.name: plan for _, plan in planned}
    live = {job.spec.name for job, _ in planned}
    for job in sending if ledger is not None else ():
        from sendspec.operations.copied_spec import copies  # a first plan has no ledger, and needs none of these
        from sendspec.operations.frozen_audience import check_audience
        from sendspec.operations.key_continuity import key_changes
        from sendspec.operations.name_continuity import name_moves

        assert ledger is not None
        found = [
            *name_moves(job, plan_by_name[job.spec.name].send, live, context, ledger, decided),
            *copies(job, plan_by_name[job.spec.name].send, context, ledger, decided),
            *key_changes(job, context, ledger, decided),
        ]
        for diagnostic in found:
            problems.add(diagnostic)
        if job.spec.audience_frozen:
            check_audience(job, ledger, problems, decided)
    for diagnostic in reference_conflicts(sending, context, ledger, decided):
        problems.add(diagnostic)
