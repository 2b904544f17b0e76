"""Messages that went out before their ledger was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import PlannedRecord
from sendspec.operations.git_repository import head_commit
from sendspec.operations.ledger_access import recorded_run
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import planned_record, spec_identity


def record_baseline(context: ProjectContext, jobs: Sequence[Job], ledger: Ledger) -> tuple[int, Problems]:
    """Records every message of `jobs` as already sent, in a run of its own. Returns their count and the faults of rows.

    If a row of any job is rejected, nothing is written and the count is 0. The jobs may have been read before the ledger and its
    salt existed. `ledger` is open to write, under the run lock.
    """
    problems = Problems()
    jobs = [job.with_salt(context.salt) for job in jobs]
    for job in jobs:
        for _ in job.composed(problems):
            pass
    if problems.has_errors:
        return 0, problems
    commit, now = head_commit(context.root, context.system.environ), context.system.clock.wall()
    with recorded_run(ledger, context.system):
        count = sum(ledger.put_baselined(spec_identity(job, context, commit), _records(job), now=now) for job in jobs)
    return count, problems


def _records(job: Job) -> Iterator[PlannedRecord]:
    for item in job.composed(Problems()):
        if isinstance(item, Message):
            yield planned_record(job, item)
