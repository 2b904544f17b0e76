"""Messages that went out before their ledger was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.record import PlannedRecord
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.operations.git_commit import head_commit
from sendspec.operations.project_context import ProjectContext, this_process
from sendspec.operations.send_job import Job
from sendspec.operations.session import identity_of, planned_record


def record_baseline(
    context: ProjectContext, jobs: Sequence[Job], ledger: SqliteLedger, now: float
) -> tuple[int, Problems]:
    """Notes every message of `jobs` as sent before, in a run of its own. Returns how many there are, and what is wrong with rows.

    Where a row of any job is rejected, nothing at all is written. The jobs may have been read before `context` had its salt;
    `ledger` is open to write, under the run lock. `now` is in Unix seconds.
    """
    problems = Problems()
    jobs = [job.keyed(context.salt) for job in jobs]
    for job in jobs:
        for _ in job.composed(problems):
            pass
    if problems.has_errors:
        return 0, problems
    commit = head_commit(context.root)
    ledger.begin(this_process(), now=now)
    count = sum(ledger.burn(identity_of(job, context, commit), _records(job), now=now) for job in jobs)
    ledger.end(now=now, ending="finished", requests=0)
    return count, problems


def _records(job: Job) -> Iterator[PlannedRecord]:
    for item in job.composed(Problems()):
        if isinstance(item, Message):
            yield planned_record(job, item)
