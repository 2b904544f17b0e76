"""What today's files say of messages that were sent or planned before: how many changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.protocol import Facts
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.ledger_plan import decide_all
from sendspec.operations.orphan import find_orphans
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.status import SpecStatus
from sendspec.planning.decision import Skip
from sendspec.reading.spec import StandardInput


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """`drift` counts messages that changed after they were sent, `held` those that changed after they were planned.

    `left` counts those that were planned, and whose recipients are no longer in the table; None: nobody looked. `problem` says why a spec
    could not be looked at; empty for one that was. `is_gone`: because its file is gone.
    """

    drift: int = 0
    held: int = 0
    left: int | None = None
    problem: str = ""
    is_gone: bool = False


def changed_since(
    statuses: Sequence[SpecStatus], path_by_name: Mapping[str, str], context: ProjectContext, ledger: Facts
) -> dict[str, ChangedSince]:
    """By spec, for those whose file is there with the same name and generation, or gone. `path_by_name` are paths from the working directory."""
    found = {}
    for status in statuses:
        path = path_by_name.get(status.name)
        if path is not None and not Path(path).is_file():
            found[status.name] = ChangedSince(problem=f"its file '{path}' is gone", is_gone=True)
        elif path is not None:
            each = _changed(path, status, context, ledger)
            if each is not None:
                found[status.name] = each
    return found


def _changed(path: str, status: SpecStatus, context: ProjectContext, ledger: Facts) -> ChangedSince | None:
    problems = Problems()
    jobs = read_jobs([path], context, None, problems)
    if problems.has_errors:
        return ChangedSince(problem="its file has errors")
    [job] = jobs
    if (job.spec.name, job.spec.generation) != (status.name, status.generation):
        return None
    if isinstance(job.spec.recipients, StandardInput):
        return ChangedSince(problem="its recipients come from standard input")
    return _counted(job, context, ledger)


def _counted(job: Job, context: ProjectContext, ledger: Facts) -> ChangedSince:
    problems = Problems()
    skips = Counter(decision.skip for decision in decide_all(job, context, ledger, problems))
    if problems.has_errors:
        return ChangedSince(problem="its rows have errors")
    left = len(find_orphans(job, ledger, problems))
    return ChangedSince(skips[Skip.DRIFT], skips[Skip.ON_HOLD], left)
